'use client';

import type { ClusterStatus } from '@cloudless/proto';
import { useEffect } from 'react';
import { useLive } from '#web/live/live-provider.tsx';
import { useAsk } from '#web/live/use-ask.ts';

/** Asked again this often at most, and only when the cluster was heard meanwhile. */
const AGAIN_MS = 5000;

/**
 * The status of the control plane, which no change of a row tells of: asked for again whenever the live stream shows a sign of life.
 *
 * @param isWatched whether signs of life ask again, by what was told last
 * @param occasion another reason to ask again, whenever it changes
 */
export function useClusterStatus(isWatched: (told: ClusterStatus | undefined) => boolean = () => true, occasion?: string) {
  const status = useAsk('cluster.status', {}, { staleMs: AGAIN_MS });
  const isOn = isWatched(status.data);
  const beat = useLive((state) => (isOn ? Math.floor((state.heardAt ?? 0) / AGAIN_MS) : 0));
  const { refetch } = status;
  useEffect(() => {
    if (beat > 0 || occasion !== undefined) void refetch({ cancelRefetch: false });
  }, [beat, occasion, refetch]);
  return status;
}
