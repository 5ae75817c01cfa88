'use client';

import { isCloudlessError } from '@cloudless/proto';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { call } from '#web/live/client.ts';
import { LiveProvider } from '#web/live/live-provider.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { signInPath } from './next-path.ts';
import { SessionContext } from './session.tsx';

const AGAIN_MS = 5000;

/** To the claim page while there is no owner, else to sign-in. A full load: nothing of the old session stays in memory. */
async function leave(): Promise<void> {
  const { claimed } = await call('claim.state', {}).catch(() => ({ claimed: true }));
  location.replace(claimed ? signInPath(location.pathname + location.search, location.hash) : '/claim');
}

export type GateProps = {
  /** The request carried a session, which may have ended meanwhile. */
  readonly hasSession: boolean;
  /** Shown until it is known who is signed in. */
  readonly waiting: ReactNode;
  /** Shown when that cannot be known. */
  readonly failing: (failure: NonNullable<ReturnType<typeof useAsk<'account.me'>>['error']>, retry: () => void) => ReactNode;
  readonly children: ReactNode;
};

/** Lets in who is signed in, and sends everybody else to the door. */
export function Gate({ hasSession, waiting, failing, children }: GateProps) {
  // Nothing is live before it is known who asks: a page that failed for a moment comes back only by asking again.
  const me = useAsk('account.me', {}, { staleMs: 60_000, enabled: hasSession, againMs: AGAIN_MS });
  const queries = useQueryClient();
  const isStranger = !hasSession || (isCloudlessError(me.error) && me.error.code === 'unauthenticated');
  // Latched: a query that is asked again forgets its error, and a second departure would cut off the first.
  const [isLeaving, setLeaving] = useState(false);
  useEffect(() => {
    if (isStranger) setLeaving(true);
  }, [isStranger]);
  useEffect(() => {
    if (isLeaving) void leave();
  }, [isLeaving]);
  const onLost = useCallback(() => void queries.invalidateQueries({ queryKey: ['account.me'] }), [queries]);
  if (isStranger || isLeaving) return waiting;
  if (me.error && me.data === undefined) return failing(me.error, () => void me.refetch());
  // The lists are asked for beside the question who is there.
  return (
    <LiveProvider onLost={onLost}>
      {me.data === undefined ? waiting : <SessionContext value={me.data}>{children}</SessionContext>}
    </LiveProvider>
  );
}
