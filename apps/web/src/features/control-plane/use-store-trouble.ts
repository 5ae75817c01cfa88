'use client';

import type { ClusterStatus } from '@cloudless/proto';
import { useLive } from '#web/live/live-provider.tsx';
import { judgeControlPlane, type ControlPlaneSentence } from './judge-control-plane.ts';
import { useClusterStatus } from './use-cluster-status.ts';

const TROUBLE: ReadonlySet<ControlPlaneSentence['code']> = new Set(['noQuorum', 'storeDegraded', 'storeUnknown']);
/** What happened may be of a machine of the store. */
const isTelling = (kind: string): boolean => kind.startsWith('node.') || kind.startsWith('cluster.');

function findTrouble(status: ClusterStatus | undefined): ControlPlaneSentence | undefined {
  const sentence = status && judgeControlPlane(status);
  return sentence && TROUBLE.has(sentence.code) ? sentence : undefined;
}
const isTroubled = (status: ClusterStatus | undefined): boolean => findTrouble(status) !== undefined;

/** What is wrong with the nodes of a replicated store, if anything is known to be: asked again at such an event, and until it is mended. */
export function useStoreTrouble(): ControlPlaneSentence | undefined {
  const told = useLive((state) => state.events.find(({ kind }) => isTelling(kind))?.id);
  return findTrouble(useClusterStatus(isTroubled, told).data);
}
