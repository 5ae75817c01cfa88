'use client';

import type { ReactNode } from 'react';
import { FailureCallout } from './failure-callout.tsx';
import { useLiveStore } from './live-provider.tsx';
import { useLoad } from './use-entities.ts';

/** What needs the lists: a skeleton until they come, why they do not, and over old ones a word that they are. */
export function Loaded({ skeleton, children }: { readonly skeleton: ReactNode; readonly children: ReactNode }) {
  const { loaded, failure } = useLoad();
  const store = useLiveStore();
  const callout = failure === undefined ? null : <FailureCallout failure={failure} onRetry={() => store?.reload()} className="mb-4" />;
  if (!loaded) return callout ?? skeleton;
  return (
    <>
      {callout}
      {children}
    </>
  );
}
