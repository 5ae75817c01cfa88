import type { ApiParts } from '../../parts.ts';
import type { Handlers } from '../call.ts';

type Names = 'cluster.get' | 'cluster.status' | 'cluster.backUp' | 'cluster.checkStore' | 'cluster.reach' | 'cluster.checkReach';

/** The control plane itself: what it is, who leads it, where its state lies, how it is reached. */
export function createClusterProcedures(
  parts: Pick<ApiParts, 'describeCluster' | 'describeStatus' | 'checkStore' | 'backups' | 'reach'>,
): Pick<Handlers, Names> {
  const { describeCluster, describeStatus, checkStore, backups, reach } = parts;
  return {
    'cluster.get': () => Promise.resolve(describeCluster()),
    'cluster.status': ({ signal }) => describeStatus(signal),
    'cluster.backUp': () => backups.backUp(),
    'cluster.checkStore': ({ input, signal }) => checkStore(input, signal),
    'cluster.reach': () => Promise.resolve(reach.get()),
    'cluster.checkReach': ({ signal }) => reach.check(signal),
  };
}
