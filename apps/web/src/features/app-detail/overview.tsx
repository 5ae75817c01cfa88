'use client';

import { isTerminalPhase, type Allocation, type Workload } from '@cloudless/proto';
import { EmptyState, Section, Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { Since } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { useAllocations, useAllocationUsage } from '#web/live/use-entities.ts';
import { AllocationState } from '#web/states/state-of.tsx';
import { useCauseText, usePlacementText } from '#web/states/use-texts.ts';
import { AppEvents } from './app-events.tsx';

/** Replicas: on which device and why there, how each is, and what happened last. */
export function Overview({ workload }: { readonly workload: Workload }) {
  const t = useTranslations('appDetail');
  const rows = useAllocations({ workloadId: workload.id }).filter(({ observed }) => !isTerminalPhase(observed.phase));
  return (
    <div className="flex flex-col gap-8">
      <Section title={t('replicas')} headingId="replicas">
        {rows.length === 0 ? <EmptyState title={t('noReplicasTitle')} text={t('noReplicasText')} /> : <ReplicaTable rows={rows} />}
      </Section>
      <Section title={t('events')} headingId="events">
        <AppEvents workloadId={workload.id} latest={6} />
      </Section>
    </div>
  );
}

function ReplicaTable({ rows }: { readonly rows: readonly Allocation[] }) {
  const t = useTranslations('appDetail');
  return (
    <Table stacks label={t('replicas')}>
      <TableHead>
        <tr>
          <TableHeader>{t('replica')}</TableHeader>
          <TableHeader>{t('device')}</TableHeader>
          <TableHeader>{t('state')}</TableHeader>
          <TableHeader>{t('uses')}</TableHeader>
          <TableHeader>{t('restarts')}</TableHeader>
          <TableHeader>{t('why')}</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {rows.map((row) => (
          <ReplicaRow key={row.id} allocation={row} />
        ))}
      </TableBody>
    </Table>
  );
}

function ReplicaRow({ allocation }: { readonly allocation: Allocation }) {
  const t = useTranslations('appDetail');
  const format = useFormat();
  const causeText = useCauseText();
  const placementText = usePlacementText();
  const used = useAllocationUsage(allocation.id).at(-1);
  const { observed, slot, nodeId, nodeName, placement } = allocation;
  return (
    <TableRow>
      <TableCell label={t('replica')}>{format.count(slot + 1)}</TableCell>
      <TableCell label={t('device')} className="max-w-48">
        <Link href={`/devices/${nodeId}`} className="block truncate hover:underline">
          {nodeName}
        </Link>
      </TableCell>
      <TableCell label={t('state')} className="min-w-44">
        <span className="whitespace-nowrap">
          <AllocationState allocation={allocation} /> <Since at={observed.sinceAt} className="text-xs text-ink-soft" />
        </span>
        {observed.ready ? null : <p className="line-clamp-3 text-xs text-ink-soft">{causeText(observed.cause)}</p>}
      </TableCell>
      <TableCell label={t('uses')} className="whitespace-nowrap">
        {used === undefined
          ? t('unknown')
          : t('cpuMemory', { cores: format.cores(used.cpuMillicores), memory: format.bytes(used.memoryBytes) })}
      </TableCell>
      <TableCell label={t('restarts')}>{format.count(observed.restarts)}</TableCell>
      <TableCell label={t('why')} className="min-w-56 text-ink-soft">
        {placementText(placement, nodeName)}
      </TableCell>
    </TableRow>
  );
}
