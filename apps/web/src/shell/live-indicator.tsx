'use client';

import { StateShape, cn, type Tone } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { Age } from '#web/format/age.tsx';
import { useLive } from '#web/live/live-provider.tsx';
import type { LiveMark } from '#web/live/live-mark.ts';
import { useLiveMark } from '#web/live/use-entities.ts';

const TONE: Readonly<Record<LiveMark['kind'], Tone>> = {
  connecting: 'busy',
  live: 'good',
  reconnecting: 'busy',
  stale: 'warn',
  unconfirmed: 'warn',
};

/** How current the page is: live, reconnecting, silent since when, or of a coordinator that cannot confirm it since when. */
export function LiveIndicator({ className }: { readonly className?: string }) {
  const t = useTranslations('live');
  const mark = useLiveMark();
  const skewMs = useLive((state) => state.skewMs);
  return (
    <p className={cn('flex min-w-0 items-center gap-1.5 text-xs text-ink-soft', className)}>
      <StateShape tone={TONE[mark.kind]} className={mark.kind === 'live' ? 'size-2' : 'size-2.5'} />
      <span className="min-w-0">
        <span role="status">{t(mark.kind)}</span>{' '}
        {mark.kind === 'stale' || mark.kind === 'unconfirmed' ? <Age at={mark.sinceAt + skewMs} /> : null}
      </span>
    </p>
  );
}
