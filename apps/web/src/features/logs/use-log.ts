'use client';

import type { FollowState } from '@cloudless/sdk';
import type { CloudlessError, WorkloadId } from '@cloudless/proto';
import { useEffect, useState } from 'react';
import { browserClient } from '#web/live/client.ts';
import { addGap, addLines, EMPTY_BUFFER, type LogBuffer } from './log-buffer.ts';

export type LogFeed = { readonly buffer: LogBuffer; readonly state: FollowState; readonly failure: CloudlessError | undefined };

/** Lines of all replicas of an app for as long as somebody looks; what arrives within a frame is drawn at once. */
export function useLog(workloadId: WorkloadId): LogFeed {
  const [buffer, setBuffer] = useState<LogBuffer>(EMPTY_BUFFER);
  const [state, setState] = useState<FollowState>('connecting');
  const [failure, setFailure] = useState<CloudlessError>();
  useEffect(() => {
    let next = EMPTY_BUFFER;
    let frame: number | undefined;
    const draw = (): void => {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        setBuffer(next);
      });
    };
    const following = browserClient().log.follow(
      { workloadId },
      {
        onData(element) {
          next = element.kind === 'lines' ? addLines(next, element.lines) : addGap(next, element.allocationId, element.message);
          draw();
        },
        onState: setState,
        onError: setFailure,
      },
    );
    return () => {
      following.close();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [workloadId]);
  return { buffer, state, failure };
}
