'use client';

import { isTerminalPhase, type Workload } from '@cloudless/proto';
import { Button, EmptyState, Skeleton, Table, TableBody, TableCell, TableHead, TableHeader, TableRow, buttonClasses } from '@cloudless/ui';
import { LayoutGrid, Rocket } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useMemo, useState } from 'react';
import { Since } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { Loaded } from '#web/live/loaded.tsx';
import { useAllocations, useWorkloads } from '#web/live/use-entities.ts';
import { useMay } from '#web/session/session.tsx';
import { FilterField } from '#web/shell/filter-field.tsx';
import { PageHeader } from '#web/shell/page-header.tsx';
import { WorkloadState } from '#web/states/state-of.tsx';
import { useStatusText } from '#web/states/use-texts.ts';

/** Rows that a page shows before more are asked for. */
const SHOWN = 100;

/** All apps: how each is, where it runs, where it answers. */
export function AppsPage() {
  const t = useTranslations('apps');
  const may = useMay();
  const workloads = useWorkloads();
  const running = workloads.filter(({ status }) => status.condition === 'running').length;
  const deploy = may('workload.create') ? (
    <Link href="/deploy" className={buttonClasses({ variant: 'primary' })}>
      <Rocket aria-hidden />
      {t('deploy')}
    </Link>
  ) : null;
  return (
    <>
      <PageHeader
        title={t('title')}
        sentence={workloads.length === 0 ? undefined : t('sentence', { running, total: workloads.length })}
        actions={workloads.length === 0 ? undefined : deploy}
      />
      <Loaded skeleton={<Skeleton className="h-64" />}>
        {workloads.length === 0 ? (
          <EmptyState icon={<LayoutGrid />} title={t('noneTitle')} text={t('noneText')} action={deploy} />
        ) : (
          <Listed workloads={workloads} />
        )}
      </Loaded>
    </>
  );
}

const matches = ({ name, spec, status }: Workload, filter: string): boolean =>
  [name, spec.image, status.condition].some((text) => text.toLowerCase().includes(filter.trim().toLowerCase()));

/** Devices that hold a replica of each app. */
function useDevicesOf(): ReadonlyMap<string, readonly string[]> {
  const allocations = useAllocations();
  return useMemo(() => {
    const held = Map.groupBy(
      allocations.filter(({ observed }) => !isTerminalPhase(observed.phase)),
      (row) => row.workloadId as string,
    );
    return new Map([...held].map(([id, rows]) => [id, [...new Set(rows.map((row) => row.nodeName))]]));
  }, [allocations]);
}

function Listed({ workloads }: { readonly workloads: readonly Workload[] }) {
  const t = useTranslations('apps');
  const [filter, setFilter] = useState('');
  const [shown, setShown] = useState(SHOWN);
  const devicesOf = useDevicesOf();
  const found = workloads.filter((workload) => matches(workload, filter));
  return (
    <div className="flex flex-col gap-4">
      <FilterField label={t('filter')} value={filter} onChange={setFilter} />
      {found.length === 0 ? (
        <EmptyState
          title={t('noMatchTitle')}
          text={t('noMatchText', { filter })}
          action={<Button onClick={() => setFilter('')}>{t('clear')}</Button>}
        />
      ) : (
        <Table stacks label={t('title')}>
          <TableHead>
            <tr>
              <TableHeader>{t('name')}</TableHeader>
              <TableHeader>{t('state')}</TableHeader>
              <TableHeader>{t('ready')}</TableHeader>
              <TableHeader>{t('runsOn')}</TableHeader>
              <TableHeader>{t('image')}</TableHeader>
              <TableHeader>{t('address')}</TableHeader>
            </tr>
          </TableHead>
          <TableBody>
            {found.slice(0, shown).map((workload) => (
              <AppRow key={workload.id} workload={workload} devices={devicesOf.get(workload.id) ?? []} />
            ))}
          </TableBody>
        </Table>
      )}
      {found.length > shown ? (
        <Button className="self-center" onClick={() => setShown(shown + SHOWN)}>
          {t('more', { count: found.length - shown })}
        </Button>
      ) : null}
    </div>
  );
}

function AppRow({ workload, devices }: { readonly workload: Workload; readonly devices: readonly string[] }) {
  const t = useTranslations('apps');
  const format = useFormat();
  const statusText = useStatusText();
  const { id, name, status, spec, url } = workload;
  return (
    <TableRow>
      <TableCell className="max-w-72">
        <Link href={`/apps/${id}`} className="block truncate font-medium hover:underline" title={name}>
          {name}
        </Link>
      </TableCell>
      <TableCell label={t('state')} className="min-w-44">
        <span className="whitespace-nowrap">
          <WorkloadState workload={workload} /> <Since at={status.sinceAt} className="text-xs text-ink-soft" />
        </span>
        {status.condition === 'running' ? null : (
          <p className="line-clamp-2 text-xs text-ink-soft first-letter:uppercase">{statusText(status)}</p>
        )}
      </TableCell>
      <TableCell label={t('ready')} className="whitespace-nowrap tabular-nums">
        {t('readyOf', { ready: format.count(status.ready), desired: format.count(status.desired) })}
      </TableCell>
      <TableCell label={t('runsOn')} className="max-w-48">
        <span className="block truncate">{devices.length === 0 ? t('nowhere') : devices.join(', ')}</span>
      </TableCell>
      <TableCell label={t('image')} className="max-w-56">
        <span className="block truncate font-mono text-xs/5" title={spec.image}>
          {spec.image}
        </span>
      </TableCell>
      <TableCell label={t('address')} className={url === undefined ? 'max-sm:hidden!' : undefined}>
        <Address url={url} isServed={status.ready > 0} />
      </TableCell>
    </TableRow>
  );
}

/** Leads to the app while something answers there. */
function Address({ url, isServed }: { readonly url: string | undefined; readonly isServed: boolean }) {
  if (url === undefined) return null;
  const { host } = new URL(url);
  if (!isServed) return <span className="text-ink-soft">{host}</span>;
  return (
    <a href={url} target="_blank" rel="noreferrer" className="text-accent underline underline-offset-4">
      {host}
    </a>
  );
}
