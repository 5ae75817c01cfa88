'use client';

import type { CloudlessNode } from '@cloudless/proto';
import { Callout, Card, EmptyState, Section, Skeleton, buttonClasses } from '@cloudless/ui';
import { ChevronLeft } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { EventLine } from '#web/events/event-line.tsx';
import { Loaded } from '#web/live/loaded.tsx';
import { useEvents, useNode } from '#web/live/use-entities.ts';
import { PageHeader } from '#web/shell/page-header.tsx';
import { NODE_TONE } from '#web/states/tones.ts';
import { useCauseText } from '#web/states/use-texts.ts';
import { Channels, NodeBadges, StateLine, useSystemText } from '../devices/device-facts.tsx';
import { DrainProgress } from '../drain/drain-progress.tsx';
import { LendingSection } from '../lending/lending-section.tsx';
import { DeviceActions } from './device-actions.tsx';
import { FactList } from './fact-list.tsx';
import { ReplicaTable } from './replica-table.tsx';
import { UsageCharts } from './usage-charts.tsx';

const LATEST = 12;

const DeviceSkeleton = () => (
  <div className="flex flex-col gap-6">
    <Skeleton className="h-14 w-80 max-w-full" />
    <Skeleton className="h-48" />
    <Skeleton className="h-64" />
  </div>
);

/** One device: how it is and was, what it runs and why, what happened to it. */
export function DevicePage({ nodeId }: { readonly nodeId: string }) {
  const t = useTranslations('deviceDetail');
  return (
    <Loaded title={t('title')} skeleton={<DeviceSkeleton />}>
      <Found nodeId={nodeId} />
    </Loaded>
  );
}

function Found({ nodeId }: { readonly nodeId: string }) {
  const t = useTranslations('deviceDetail');
  const node = useNode(nodeId);
  if (node) return <Device node={node} />;
  const all = (
    <Link href="/devices" className={buttonClasses()}>
      {t('toDevices')}
    </Link>
  );
  return (
    <>
      <h1 className="sr-only">{t('title')}</h1>
      <EmptyState title={t('goneTitle')} text={t('goneText')} action={all} />
    </>
  );
}

function Device({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('deviceDetail');
  const systemText = useSystemText();
  return (
    <div className="flex flex-col gap-8">
      <PageHeader
        className="mb-0"
        before={
          <Link href="/devices" className="-ml-1 inline-flex items-center text-sm text-ink-soft hover:text-ink">
            <ChevronLeft aria-hidden className="size-4" />
            {t('back')}
          </Link>
        }
        title={
          <span className="flex flex-wrap items-center gap-2">
            <span className="min-w-0">{node.name}</span>
            <NodeBadges node={node} />
          </span>
        }
        sentence={
          <div className="flex flex-col gap-1">
            <StateLine node={node} />
            <div className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
              {systemText(node)}
              <Channels node={node} />
            </div>
          </div>
        }
        actions={<DeviceActions node={node} />}
      />
      <EngineTrouble node={node} />
      <DrainProgress node={node} />
      <Section title={t('usage')} headingId="usage">
        <p className="-mt-2 text-sm text-ink-soft">{t('usageText')}</p>
        <UsageCharts node={node} />
      </Section>
      <LendingSection node={node} />
      <Section title={t('replicas')} headingId="replicas">
        <ReplicaTable node={node} />
      </Section>
      <div className="grid gap-8 lg:grid-cols-2">
        <Section title={t('facts')} headingId="facts">
          <FactList node={node} />
        </Section>
        <Happened nodeId={node.id} />
      </div>
    </div>
  );
}

/** The engine's own trouble, with the exact command that the agent found for it. */
function EngineTrouble({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('deviceDetail');
  const causeText = useCauseText();
  const engine = node.fingerprint?.engine;
  if (engine === undefined || engine.state === 'ready') return null;
  return (
    <Callout tone={NODE_TONE.degraded} title={`${t('engine')}: ${t(`engineState.${engine.state}`)}`}>
      <p>{causeText(engine.cause)}</p>
    </Callout>
  );
}

function Happened({ nodeId }: { readonly nodeId: string }) {
  const t = useTranslations('deviceDetail');
  const events = useEvents({ nodeId }).slice(0, LATEST);
  const all = (
    <Link href="/activity" className={buttonClasses({ variant: 'ghost', size: 'sm' })}>
      {t('allActivity')}
    </Link>
  );
  return (
    <Section title={t('events')} headingId="happened" actions={all}>
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
    </Section>
  );
}
