'use client';

import { useEffect } from 'react';
import { useLive } from '#web/live/live-provider.tsx';
import { useAsk } from '#web/live/use-ask.ts';

/** Asked again this often at most, and only when the cluster was heard meanwhile. */
const AGAIN_MS = 5000;

/** The status of the control plane, which no change of a row tells of: asked for whenever the live stream shows a sign of life. */
export function useClusterStatus() {
  const beat = useLive((state) => (state.heardAt === undefined ? 0 : Math.floor(state.heardAt / AGAIN_MS)));
  const status = useAsk('cluster.status', {}, { staleMs: AGAIN_MS });
  const { refetch } = status;
  useEffect(() => {
    if (beat > 0) void refetch({ cancelRefetch: false });
  }, [beat, refetch]);
  return status;
}
