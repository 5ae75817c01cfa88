import { isTerminalPhase } from '@cloudless/proto';
import type { Checker } from './checker.ts';

/** One that serves, and one that replaces it. */
const MOST = 2;

/** No slot is ever given more allocations than a replacement needs. */
export const slotLimit: Checker = {
  name: 'a slot is never given more than two allocations',
  onCommit({ changes, revision }, store) {
    for (const change of changes) {
      if (change.kind !== 'put' || change.table !== 'allocation' || change.before !== undefined) continue;
      const { workloadId, slot } = change.row;
      const wanted = store
        .allocationsOfWorkload(workloadId)
        .filter(({ row }) => row.slot === slot && row.desired === 'running' && !isTerminalPhase(row.observed.phase));
      if (wanted.length > MOST)
        return `slot ${slot} of ${workloadId} has ${wanted.length} at revision ${revision}: ${wanted.map(({ row }) => row.id).join(', ')}`;
    }
    return undefined;
  },
};
