'use client';

import { useEffect } from 'react';
import { useLive } from '#web/live/live-provider.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { judgeControlPlane, type ControlPlaneSentence } from './judge-control-plane.ts';

const TROUBLE: ReadonlySet<ControlPlaneSentence['code']> = new Set(['noQuorum', 'storeDegraded', 'storeUnknown']);
/** While something is wrong: asked again this often at most, so that it goes from the page when it is mended. */
const AGAIN_MS = 5000;
/** Else only when something happened that may be of a machine of the store. */
const isTelling = (kind: string): boolean => kind.startsWith('node.') || kind.startsWith('cluster.');

/** What is wrong with the nodes of a replicated store, if anything is known to be. */
export function useStoreTrouble(): ControlPlaneSentence | undefined {
  const status = useAsk('cluster.status', {}, { staleMs: AGAIN_MS });
  const { refetch } = status;
  const sentence = status.data && judgeControlPlane(status.data);
  const isTroubled = sentence !== undefined && TROUBLE.has(sentence.code);
  const told = useLive((state) => state.events.find(({ kind }) => isTelling(kind))?.id);
  const beat = useLive((state) => (isTroubled ? Math.floor((state.heardAt ?? 0) / AGAIN_MS) : 0));
  useEffect(() => {
    if (told !== undefined || beat > 0) void refetch({ cancelRefetch: false });
  }, [told, beat, refetch]);
  return isTroubled ? sentence : undefined;
}
