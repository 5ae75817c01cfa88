'use client';

import type { CloudlessNode, ClusterEvent, EventKind, Usage } from '@cloudless/proto';
import { EmptyState, Skeleton } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import dynamic from 'next/dynamic';
import { useMemo } from 'react';
import type { ChartMark, ChartPoint } from '#web/charts/chart-options.ts';
import { useFormat } from '#web/format/use-format.ts';
import { USAGE_WINDOW_MS } from '#web/live/live-state.ts';
import { useAsk } from '#web/live/use-ask.ts';
import { useEvents, useNodeUsage } from '#web/live/use-entities.ts';
import { useNow } from '#web/live/use-now.ts';
import { useEventText } from '#web/states/use-texts.ts';

const TimeChart = dynamic(async () => (await import('#web/charts/time-chart.tsx')).TimeChart, {
  ssr: false,
  loading: () => <Skeleton className="h-48" />,
});

const MARKED: Partial<Readonly<Record<EventKind, ChartMark['colour']>>> = {
  'allocation.placed': 'accent',
  'allocation.ready': 'good',
  'allocation.failed': 'bad',
  'allocation.restarted': 'warn',
};
const STEP_MS = 5000;

/** Samples of the server, then those that came since. */
export function mergeSamples(listed: readonly Usage[], live: readonly Usage[]): readonly Usage[] {
  const last = listed.at(-1)?.at ?? 0;
  return [...listed, ...live.filter(({ at }) => at > last)];
}

const pick = (samples: readonly Usage[], value: (sample: Usage) => number | undefined): readonly ChartPoint[] =>
  samples.flatMap((sample) => {
    const read = value(sample);
    return read === undefined ? [] : [{ at: sample.at, value: read }];
  });

function useMarks(events: readonly ClusterEvent[]): readonly ChartMark[] {
  const text = useEventText();
  return useMemo(
    () =>
      events.flatMap((event) => {
        const colour = MARKED[event.kind];
        return colour === undefined ? [] : [{ at: event.at, label: text(event), colour }];
      }),
    // The sentence follows the language alone, and with it the whole page.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [events],
  );
}

/** What the device uses, live, with marks where replicas came and went. */
export function UsageCharts({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('deviceDetail');
  const format = useFormat();
  const listed = useAsk('node.usage', { nodeId: node.id }, { staleMs: USAGE_WINDOW_MS });
  const live = useNodeUsage(node.id);
  const samples = useMemo(() => mergeSamples(listed.data?.samples ?? [], live), [listed.data, live]);
  const marks = useMarks(useEvents({ nodeId: node.id }));
  const now = useNow();
  const toAt = Math.ceil(now / STEP_MS) * STEP_MS;
  const span = { fromAt: toAt - USAGE_WINDOW_MS, toAt, marks };
  const newest = samples.at(-1);
  if (listed.isPending && newest === undefined) return <Skeleton className="h-48" />;
  if (newest === undefined) return <EmptyState title={t('usage')} text={t('noUsage')} />;
  const capacity = node.fingerprint?.capacity ?? node.allocatable;
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <TimeChart
        {...span}
        title={t('cpu')}
        now={t('ofAll', { used: format.coresBare(newest.cpuMillicores), all: format.cores(capacity.cpuMillicores) })}
        points={pick(samples, (sample) => sample.cpuMillicores)}
        formatValue={format.coresBare}
        atLeast={capacity.cpuMillicores / 4}
      />
      <TimeChart
        {...span}
        title={t('memory')}
        now={t('ofAll', { used: format.bytes(newest.memoryBytes), all: format.bytes(capacity.memoryBytes) })}
        points={pick(samples, (sample) => sample.memoryBytes)}
        formatValue={format.bytes}
        binary
        atLeast={capacity.memoryBytes / 4}
      />
      {newest.networkRxBps === undefined || newest.networkTxBps === undefined ? null : (
        <>
          <TimeChart
            {...span}
            title={t('received')}
            now={format.rate(newest.networkRxBps)}
            points={pick(samples, (sample) => sample.networkRxBps)}
            formatValue={format.rate}
            binary
            atLeast={10_240}
          />
          <TimeChart
            {...span}
            title={t('sent')}
            now={format.rate(newest.networkTxBps)}
            points={pick(samples, (sample) => sample.networkTxBps)}
            formatValue={format.rate}
            binary
            atLeast={10_240}
          />
        </>
      )}
    </div>
  );
}
