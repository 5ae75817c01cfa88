'use client';

import { isTerminalPhase, type Allocation, type CloudlessNode } from '@cloudless/proto';
import { EmptyState, Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { Since } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { useAllocations, useAllocationUsage } from '#web/live/use-entities.ts';
import { AllocationState } from '#web/states/state-of.tsx';
import { useCauseText, usePlacementText } from '#web/states/use-texts.ts';

/** What runs on the device, and why there. */
export function ReplicaTable({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('deviceDetail');
  const held = useAllocations({ nodeId: node.id }).filter(({ observed }) => !isTerminalPhase(observed.phase));
  if (held.length === 0) return <EmptyState title={t('nothingTitle')} text={node.schedulable ? t('nothingText') : t('nothingCordoned')} />;
  return (
    <Table stacks label={t('replicas')}>
      <TableHead>
        <tr>
          <TableHeader>{t('app')}</TableHeader>
          <TableHeader>{t('replica')}</TableHeader>
          <TableHeader>{t('state')}</TableHeader>
          <TableHeader>{t('uses')}</TableHeader>
          <TableHeader>{t('restarts')}</TableHeader>
          <TableHeader>{t('why')}</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {held.map((row) => (
          <ReplicaRow key={row.id} allocation={row} />
        ))}
      </TableBody>
    </Table>
  );
}

function ReplicaRow({ allocation }: { readonly allocation: Allocation }) {
  const t = useTranslations('deviceDetail');
  const format = useFormat();
  const causeText = useCauseText();
  const placementText = usePlacementText();
  const used = useAllocationUsage(allocation.id).at(-1);
  const { observed, workloadId, workloadName, slot, placement } = allocation;
  return (
    <TableRow>
      <TableCell className="max-w-64 min-w-36">
        <Link href={`/apps/${workloadId}`} className="font-medium hover:underline">
          {workloadName}
        </Link>
      </TableCell>
      <TableCell label={t('replica')}>{format.count(slot + 1)}</TableCell>
      <TableCell label={t('state')}>
        <span className="whitespace-nowrap">
          <AllocationState allocation={allocation} /> <Since at={observed.sinceAt} className="text-xs text-ink-soft" />
        </span>
        {observed.ready ? null : <p className="line-clamp-2 text-xs text-ink-soft">{causeText(observed.cause)}</p>}
      </TableCell>
      <TableCell label={t('uses')} className="whitespace-nowrap">
        {used === undefined
          ? t('unknown')
          : t('cpuMemory', { cores: format.cores(used.cpuMillicores), memory: format.bytes(used.memoryBytes) })}
      </TableCell>
      <TableCell label={t('restarts')}>{format.count(observed.restarts)}</TableCell>
      <TableCell label={t('why')} className="min-w-56 text-ink-soft">
        {placementText(placement, allocation.nodeName)}
      </TableCell>
    </TableRow>
  );
}
