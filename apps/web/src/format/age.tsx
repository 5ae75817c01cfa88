'use client';

import { cn } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useNow } from '#web/live/use-now.ts';
import { useFormat } from './use-format.ts';

/** How long ago an instant of the coordinator was; the instant itself on hover. Ticks. */
export function Age({ at, className }: { readonly at: number; readonly className?: string }) {
  const format = useFormat();
  const now = useNow();
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={format.instant(at)}
      className={cn('whitespace-nowrap', className)}
      suppressHydrationWarning
    >
      {format.ago(at, now)}
    </time>
  );
}

/** For how long something has been so: `for 3 min`. Ticks. */
export function Since({ at, className }: { readonly at: number; readonly className?: string }) {
  const t = useTranslations('units');
  const format = useFormat();
  const now = useNow();
  return (
    <time
      dateTime={new Date(at).toISOString()}
      title={format.instant(at)}
      className={cn('whitespace-nowrap', className)}
      suppressHydrationWarning
    >
      {t('for', { duration: format.duration(now - at) })}
    </time>
  );
}
