'use client';

import { Button, StateShape } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useSyncExternalStore, type ReactNode } from 'react';
import { Age } from '#web/format/age.tsx';
import { useLive } from '#web/live/live-provider.tsx';
import { useLiveMark } from '#web/live/use-entities.ts';

function subscribeToNetwork(listener: () => void): () => void {
  for (const name of ['online', 'offline']) addEventListener(name, listener);
  return () => {
    for (const name of ['online', 'offline']) removeEventListener(name, listener);
  };
}
const useIsOffline = (): boolean =>
  useSyncExternalStore(
    subscribeToNetwork,
    () => !navigator.onLine,
    () => false,
  );

/** Above every page, as long as it is old: of an earlier time, or of an earlier release. */
export function Notices() {
  const t = useTranslations('live');
  const stale = useStaleness();
  const newVersion = useLive((state) => state.newVersion);
  if (stale === undefined && newVersion === undefined) return null;
  return (
    <section aria-label={t('notices')} className="sticky top-12 z-10 border-b bg-warn-soft md:top-0">
      {stale}
      {newVersion === undefined ? null : (
        <Line>
          <p className="min-w-0 flex-1" role="status">
            {t('updated', { version: newVersion })}
          </p>
          <Button size="sm" onClick={() => location.reload()}>
            {t('reload')}
          </Button>
        </Line>
      )}
    </section>
  );
}

const Line = ({ children }: { readonly children: ReactNode }) => (
  <div className="mx-auto flex w-full max-w-6xl flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 md:px-8">{children}</div>
);

/** That what is shown is old, how old, and why. The mark in the navigation reads it aloud; this age ticks. */
function useStaleness(): ReactNode {
  const t = useTranslations('live');
  const mark = useLiveMark();
  const isOffline = useIsOffline();
  const skewMs = useLive((state) => state.skewMs);
  if (mark.kind !== 'stale' && mark.kind !== 'unconfirmed') return undefined;
  const why = mark.kind === 'unconfirmed' ? 'unconfirmed' : isOffline ? 'offline' : mark.why;
  return (
    <Line>
      <StateShape tone="warn" className="size-4 self-start max-sm:mt-0.5" />
      <p className="min-w-0 flex-1">
        <strong className="font-semibold">
          {t('old')} <Age at={mark.sinceAt + skewMs} />.
        </strong>{' '}
        {t(`why.${why}`)}
      </p>
    </Line>
  );
}
