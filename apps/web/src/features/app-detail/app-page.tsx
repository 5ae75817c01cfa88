'use client';

import type { Workload } from '@cloudless/proto';
import { Callout, EmptyState, Skeleton, Tabs, TabsContent, TabsList, TabsTrigger, buttonClasses } from '@cloudless/ui';
import { ChevronLeft } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { Since } from '#web/format/age.tsx';
import { Loaded } from '#web/live/loaded.tsx';
import { useWorkload } from '#web/live/use-entities.ts';
import { useMay } from '#web/session/session.tsx';
import { PageHeader } from '#web/shell/page-header.tsx';
import { WorkloadState } from '#web/states/state-of.tsx';
import { WORKLOAD_TONE } from '#web/states/tones.ts';
import { useCauseText, useReasonText } from '#web/states/use-texts.ts';
import { OpenLink } from '../apps/app-link.tsx';
import { LogView } from '../logs/log-view.tsx';
import { AppActions } from './app-actions.tsx';
import { AppEvents } from './app-events.tsx';
import { AppMetrics } from './app-metrics.tsx';
import { AppSettings } from './app-settings.tsx';
import { Overview } from './overview.tsx';
import { Variables } from './variables.tsx';

const TABS = ['overview', 'logs', 'metrics', 'variables', 'events', 'settings'] as const;
type TabName = (typeof TABS)[number];
const isTab = (name: string | null): name is TabName => TABS.some((tab) => tab === name);

/** One app: how it is and why, where it runs, what it says, and what can be done to it. */
export function AppPage({ workloadId }: { readonly workloadId: string }) {
  const t = useTranslations('appDetail');
  return (
    <Loaded title={t('title')} skeleton={<Skeleton className="h-96" />}>
      <Found workloadId={workloadId} />
    </Loaded>
  );
}

function Found({ workloadId }: { readonly workloadId: string }) {
  const t = useTranslations('appDetail');
  const workload = useWorkload(workloadId);
  if (workload) return <App workload={workload} />;
  return (
    <>
      <h1 className="sr-only">{t('title')}</h1>
      <EmptyState
        title={t('goneTitle')}
        text={t('goneText')}
        action={
          <Link href="/apps" className={buttonClasses()}>
            {t('toApps')}
          </Link>
        }
      />
    </>
  );
}

function App({ workload }: { readonly workload: Workload }) {
  const t = useTranslations('appDetail');
  const may = useMay();
  const causeText = useCauseText();
  const asked = useSearchParams().get('tab');
  const [tab, setTab] = useState<TabName>(isTab(asked) ? asked : 'overview');
  const { status, url } = workload;
  const shown = TABS.filter((name) => (name !== 'logs' || may('log.read')) && (name !== 'settings' || may('workload.update')));
  function open(name: string): void {
    if (!isTab(name)) return;
    setTab(name);
    // The address follows, so that a tab can be passed on; nothing is asked of the server for it.
    history.replaceState(null, '', name === 'overview' ? location.pathname : `?tab=${name}`);
  }
  return (
    <div className="flex flex-col gap-4">
      <PageHeader
        className="mb-0"
        before={
          <Link href="/apps" className="-ml-1 inline-flex items-center text-sm text-ink-soft hover:text-ink">
            <ChevronLeft aria-hidden className="size-4" />
            {t('back')}
          </Link>
        }
        title={<span className="wrap-anywhere">{workload.name}</span>}
        sentence={
          <p aria-live="polite">
            <WorkloadState workload={workload} /> <Since at={status.sinceAt} />
            {/* What no device takes is told below, with what would help. */}
            {status.cause.code === 'unplaced' ? null : ` · ${causeText(status.cause)}`}
          </p>
        }
        actions={
          <>
            {url === undefined || status.ready === 0 ? null : <OpenLink url={url} label={t('open')} primary />}
            <AppActions workload={workload} />
          </>
        }
      />
      <Unplaced workload={workload} />
      <Tabs value={tab} onValueChange={open}>
        <TabsList aria-label={t('parts')}>
          {shown.map((name) => (
            <TabsTrigger key={name} value={name}>
              {t(`tabs.${name}`)}
            </TabsTrigger>
          ))}
        </TabsList>
        <TabsContent value="overview">
          <Overview workload={workload} />
        </TabsContent>
        <TabsContent value="logs">
          <LogView workloadId={workload.id} name={workload.name} />
        </TabsContent>
        <TabsContent value="metrics">
          <AppMetrics workload={workload} />
        </TabsContent>
        <TabsContent value="variables">
          <Variables workload={workload} />
        </TabsContent>
        <TabsContent value="events">
          <AppEvents workloadId={workload.id} />
        </TabsContent>
        <TabsContent value="settings">
          <AppSettings workload={workload} />
        </TabsContent>
      </Tabs>
    </div>
  );
}

/** Why replicas have no device, and the smallest change that would give them one. */
function Unplaced({ workload }: { readonly workload: Workload }) {
  const t = useTranslations('appDetail');
  const causeText = useCauseText();
  const reasonText = useReasonText();
  const [first] = workload.status.unplaced;
  if (first === undefined) return null;
  const isWaiting = first.reasons.every(({ filter }) => filter === 'backOff');
  return (
    <Callout tone={WORKLOAD_TONE.unplaced} title={t(isWaiting ? 'waiting' : 'unplaced', { count: workload.status.unplaced.length })}>
      <ul className="list-disc pl-4">
        {first.reasons.map((reason) => (
          <li key={reason.filter} className="first-letter:uppercase">
            {reasonText(reason)}
          </li>
        ))}
      </ul>
      {first.remedy === undefined ? null : <p className="first-letter:uppercase">{causeText(first.remedy)}</p>}
    </Callout>
  );
}
