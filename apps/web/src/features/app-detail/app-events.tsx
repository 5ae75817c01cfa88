'use client';

import { Card } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useMemo } from 'react';
import { EventLine } from '#web/events/event-line.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { useEvents } from '#web/live/use-entities.ts';

const PAGE = 100;

/** What happened to an app: what came live, over what was recorded before. */
export function AppEvents({ workloadId, latest = PAGE }: { readonly workloadId: string; readonly latest?: number }) {
  const t = useTranslations('appDetail');
  const live = useEvents({ workloadId });
  const recorded = useAsk('event.list', { workloadId, limit: PAGE }, { staleMs: 60_000 });
  const events = useMemo(() => {
    const byId = new Map([...(recorded.data?.rows ?? []), ...live].map((event) => [event.id, event]));
    return [...byId.values()].toSorted((one, other) => other.revision - one.revision || other.at - one.at).slice(0, latest);
  }, [recorded.data, live, latest]);
  return (
    <Card className="px-3">
      {events.length === 0 ? (
        <p className="py-3 text-ink-soft">{t('noEvents')}</p>
      ) : (
        <ul>
          {events.map((event) => (
            <EventLine key={event.id} event={event} />
          ))}
        </ul>
      )}
    </Card>
  );
}
