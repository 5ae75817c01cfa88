'use client';

import { EVENT_KINDS, type ClusterEvent, type EventKind } from '@cloudless/proto';
import { Button, Card, EmptyState, Select, Skeleton } from '@cloudless/ui';
import { Activity } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { EventLine } from '#web/events/event-line.tsx';
import { call } from '#web/live/client.ts';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { Loaded } from '#web/live/loaded.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { useEvents } from '#web/live/use-entities.ts';
import { FilterField } from '#web/shell/filter-field.tsx';
import { PageHeader } from '#web/shell/page-header.tsx';
import { useEventText } from '#web/states/use-texts.ts';

const AREAS = ['all', 'workload', 'allocation', 'node', 'people'] as const;
type Area = (typeof AREAS)[number];
const PEOPLE = /^(person|token|joinToken|join|cluster|access)\./;

const isOf = (kind: EventKind, area: Area): boolean =>
  area === 'all' || (area === 'people' ? PEOPLE.test(kind) : kind.startsWith(`${area}.`));
const kindsOf = (area: Area): { kinds?: EventKind[] } => (area === 'all' ? {} : { kinds: EVENT_KINDS.filter((kind) => isOf(kind, area)) });

/** What happened, who or what did it, and why. */
export function ActivityPage() {
  const t = useTranslations('activity');
  const [area, setArea] = useState<Area>('all');
  const [text, setText] = useState('');
  return (
    <>
      <PageHeader title={t('title')} sentence={t('sentence')} />
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <FilterField label={t('filter')} value={text} onChange={setText} />
        <Select
          aria-label={t('area')}
          value={area}
          onChange={(event) => setArea(event.target.value as Area)}
          options={AREAS.map((value) => ({ value, label: t(`areas.${value}`) }))}
        />
      </div>
      <Loaded skeleton={<Skeleton className="h-96" />}>
        <Feed key={area} area={area} text={text} />
      </Loaded>
    </>
  );
}

function Feed({ area, text }: { readonly area: Area; readonly text: string }) {
  const t = useTranslations('activity');
  const sentence = useEventText();
  const live = useEvents();
  const first = useAsk('event.list', { limit: 100, ...kindsOf(area) });
  const older = useOlder(area, first.data?.nextCursor);
  const byId = new Map([...older.rows, ...(first.data?.rows ?? []), ...live].map((event) => [event.id, event]));
  const events = [...byId.values()]
    .filter((event) => isOf(event.kind, area) && `${sentence(event)} ${event.actor.name}`.toLowerCase().includes(text.trim().toLowerCase()))
    .toSorted((one, other) => other.revision - one.revision || other.at - one.at);
  return (
    <div className="flex flex-col gap-4">
      <FailureCallout failure={first.error ?? older.failure} onRetry={() => void first.refetch()} />
      {events.length === 0 && !first.isPending ? (
        <EmptyState icon={<Activity />} title={t('noneTitle')} text={t('noneText')} />
      ) : (
        <Card className="px-3">
          <ul aria-label={t('title')}>
            {events.map((event) => (
              <EventLine key={event.id} event={event} />
            ))}
          </ul>
        </Card>
      )}
      {older.hasMore ? (
        <Button className="self-center" loading={older.pending} onClick={() => void older.load()}>
          {t('older')}
        </Button>
      ) : null}
    </div>
  );
}

/** Pages of events before those that a first page has. */
function useOlder(area: Area, firstCursor: string | undefined) {
  const [rows, setRows] = useState<readonly ClusterEvent[]>([]);
  const [cursor, setCursor] = useState<string | null>();
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<Parameters<typeof FailureCallout>[0]['failure']>();
  const next = cursor === undefined ? firstCursor : (cursor ?? undefined);
  async function load(): Promise<void> {
    if (next === undefined) return;
    setPending(true);
    try {
      const page = await call('event.list', { limit: 100, cursor: next, ...kindsOf(area) });
      setRows([...rows, ...page.rows]);
      setCursor(page.nextCursor ?? null);
      setFailure(undefined);
    } catch (error) {
      setFailure(error as typeof failure);
    } finally {
      setPending(false);
    }
  }
  return { rows, hasMore: next !== undefined, pending, failure, load };
}
