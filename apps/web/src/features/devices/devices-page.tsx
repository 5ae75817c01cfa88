'use client';

import type { CloudlessNode } from '@cloudless/proto';
import { Button, EmptyState, Skeleton, buttonClasses, cn } from '@cloudless/ui';
import { LayoutGrid, MonitorSmartphone, Rows3 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useRouter, useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { Loaded } from '#web/live/loaded.tsx';
import { useNodes } from '#web/live/use-entities.ts';
import { useMay } from '#web/session/session.tsx';
import { FilterField } from '#web/shell/filter-field.tsx';
import { PageHeader } from '#web/shell/page-header.tsx';
import { AddDeviceButton } from '../add-device/add-device-button.tsx';
import { DeviceCard } from './device-card.tsx';
import { DeviceTable } from './device-table.tsx';
import { filterNodes } from './filter-nodes.ts';

type View = 'cards' | 'table';

const DevicesSkeleton = () => (
  <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
    {[0, 1, 2].map((each) => (
      <Skeleton key={each} className="h-64" />
    ))}
  </div>
);

/** All devices, as cards or in rows. */
export function DevicesPage() {
  const t = useTranslations('devices');
  const nodes = useNodes();
  const sentence =
    nodes.length === 0
      ? undefined
      : t('sentence', { online: nodes.filter(({ state }) => state.word === 'online').length, total: nodes.length });
  return (
    <>
      <PageHeader title={t('title')} sentence={sentence} actions={<Actions />} />
      <Loaded skeleton={<DevicesSkeleton />}>
        <Devices nodes={nodes} />
      </Loaded>
    </>
  );
}

/** Both directions: a command for a device that has a shell, and the code of one that shows it. */
function Actions() {
  const t = useTranslations('devices');
  const may = useMay();
  return (
    <>
      {may('node.enrol') ? (
        <Link href="/pair" className={buttonClasses()}>
          {t('approve')}
        </Link>
      ) : null}
      <AddDeviceButton />
    </>
  );
}

function Devices({ nodes }: { readonly nodes: readonly CloudlessNode[] }) {
  const t = useTranslations('devices');
  const [filter, setFilter] = useState('');
  const view: View = useSearchParams().get('view') === 'table' ? 'table' : 'cards';
  if (nodes.length === 0)
    return <EmptyState icon={<MonitorSmartphone />} title={t('noneTitle')} text={t('noneText')} action={<AddDeviceButton />} />;
  const found = filterNodes(nodes, filter);
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <FilterField label={t('filter')} value={filter} onChange={setFilter} />
        <ViewSwitch view={view} />
      </div>
      {found.length === 0 ? (
        <EmptyState
          title={t('noMatchTitle')}
          text={t('noMatchText', { filter })}
          action={<Button onClick={() => setFilter('')}>{t('clear')}</Button>}
        />
      ) : view === 'table' ? (
        <DeviceTable nodes={found} />
      ) : (
        <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
          {found.map((node) => (
            <DeviceCard key={node.id} node={node} />
          ))}
        </div>
      )}
    </div>
  );
}

function ViewSwitch({ view }: { readonly view: View }) {
  const t = useTranslations('devices');
  const router = useRouter();
  const icons = { cards: <LayoutGrid aria-hidden />, table: <Rows3 aria-hidden /> };
  return (
    <div role="group" aria-label={t('view')} className="flex">
      {(['cards', 'table'] as const).map((each) => (
        <Button
          key={each}
          icon={icons[each]}
          aria-pressed={view === each}
          onClick={() => router.replace(each === 'cards' ? '/devices' : '/devices?view=table', { scroll: false })}
          className={cn('first:rounded-r-none last:-ml-px last:rounded-l-none', view === each && 'bg-raised')}
        >
          {t(each)}
        </Button>
      ))}
    </div>
  );
}
