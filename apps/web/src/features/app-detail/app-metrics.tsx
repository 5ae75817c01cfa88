'use client';

import { effectiveResources, isTerminalPhase, type Allocation, type Workload } from '@cloudless/proto';
import { EmptyState, Section, Skeleton } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import dynamic from 'next/dynamic';
import { useFormat } from '#web/format/use-format.ts';
import { USAGE_WINDOW_MS } from '#web/live/live-state.ts';
import { useAllocations, useAllocationUsage, useEvents } from '#web/live/use-entities.ts';
import { useNow } from '#web/live/use-now.ts';

const TimeChart = dynamic(async () => (await import('#web/charts/time-chart.tsx')).TimeChart, {
  ssr: false,
  loading: () => <Skeleton className="h-48" />,
});
const STEP_MS = 5000;

/** CPU and memory of each replica since the page was opened, with a mark for every change of the app. */
export function AppMetrics({ workload }: { readonly workload: Workload }) {
  const t = useTranslations('appDetail');
  const rows = useAllocations({ workloadId: workload.id }).filter(({ observed }) => !isTerminalPhase(observed.phase));
  if (rows.length === 0) return <EmptyState title={t('noReplicasTitle')} text={t('noReplicasText')} />;
  return (
    <div className="flex flex-col gap-6">
      <p className="text-sm text-ink-soft">{t('metricsText')}</p>
      {rows.map((row) => (
        <ReplicaCharts key={row.id} allocation={row} workload={workload} />
      ))}
    </div>
  );
}

function ReplicaCharts({ allocation, workload }: { readonly allocation: Allocation; readonly workload: Workload }) {
  const t = useTranslations('appDetail');
  const format = useFormat();
  const samples = useAllocationUsage(allocation.id);
  const events = useEvents({ workloadId: workload.id });
  const now = useNow();
  const toAt = Math.ceil(now / STEP_MS) * STEP_MS;
  const newest = samples.at(-1);
  const { limits } = effectiveResources(workload.spec);
  const marks = events
    .filter(({ kind }) => kind === 'workload.updated' || kind === 'workload.scaled' || kind === 'workload.restarted')
    .map(({ at, message }) => ({ at, label: message, colour: 'accent' as const }));
  const span = { fromAt: toAt - USAGE_WINDOW_MS, toAt, marks };
  return (
    <Section title={t('replicaOn', { replica: allocation.slot + 1, node: allocation.nodeName })} headingId={`usage-${allocation.id}`}>
      {newest === undefined ? (
        <p className="text-ink-soft">{t('noUsage')}</p>
      ) : (
        <div className="grid gap-3 lg:grid-cols-2">
          <TimeChart
            {...span}
            title={t('cpu')}
            now={t('ofLimit', { used: format.coresBare(newest.cpuMillicores), limit: format.cores(limits.cpuMillicores) })}
            points={samples.map(({ at, cpuMillicores }) => ({ at, value: cpuMillicores }))}
            formatValue={format.coresBare}
            atLeast={limits.cpuMillicores / 4}
          />
          <TimeChart
            {...span}
            title={t('memory')}
            now={t('ofLimit', { used: format.bytes(newest.memoryBytes), limit: format.bytes(limits.memoryBytes) })}
            points={samples.map(({ at, memoryBytes }) => ({ at, value: memoryBytes }))}
            formatValue={format.bytes}
            binary
            atLeast={limits.memoryBytes / 4}
          />
        </div>
      )}
    </Section>
  );
}
