'use client';

import type { ReactNode } from 'react';
import { FailureCallout } from './failure-callout.tsx';
import { useLiveStore } from './live-provider.tsx';
import { useLoad } from './use-entities.ts';

/**
 * What needs the lists: a skeleton until they come, why they do not, and over old ones a word that they are.
 * @param title the page's heading, where `children` hold it: read aloud as long as they are not shown
 */
export function Loaded({
  skeleton,
  title,
  children,
}: {
  readonly skeleton: ReactNode;
  readonly title?: string;
  readonly children: ReactNode;
}) {
  const { loaded, failure } = useLoad();
  const store = useLiveStore();
  const callout = failure === undefined ? null : <FailureCallout failure={failure} onRetry={() => store?.reload()} className="mb-4" />;
  if (!loaded)
    return (
      <>
        {title === undefined ? null : <h1 className="sr-only">{title}</h1>}
        {callout ?? skeleton}
      </>
    );
  return (
    <>
      {callout}
      {children}
    </>
  );
}
