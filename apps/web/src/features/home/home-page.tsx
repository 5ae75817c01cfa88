'use client';

import { Card, Section, Skeleton, StateShape, buttonClasses } from '@cloudless/ui';
import { Rocket } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useEffect, useMemo } from 'react';
import { EventLine } from '#web/events/event-line.tsx';
import { Loaded } from '#web/live/loaded.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { useEvents, useJoins, useNodes, useWorkloads } from '#web/live/use-entities.ts';
import { useMay } from '#web/session/session.tsx';
import { useStoreTrouble } from '../control-plane/use-store-trouble.ts';
import { FabricView } from './fabric-view.tsx';
import { FirstApp } from './first-app.tsx';
import { computeHealth, isAway, isTroubled } from './health.ts';
import { Needs } from './needs.tsx';

const LATEST = 8;
const CATALOGUE_MS = 60_000;

const HomeSkeleton = () => (
  <div className="flex flex-col gap-8">
    <Skeleton className="h-7 w-80 max-w-full" />
    <Skeleton className="h-44" />
    <Skeleton className="h-64" />
  </div>
);

/** Read again when a device comes or goes, as long as something in it had none to run on. */
function useCatalogue() {
  const catalogue = useAsk('catalogue.list', {}, { staleMs: CATALOGUE_MS });
  const online = useNodes().filter(({ state }) => state.word === 'online').length;
  const { refetch } = catalogue;
  const isLacking = catalogue.data?.rows.some(({ available }) => !available) === true;
  useEffect(() => {
    if (isLacking) void refetch();
  }, [online, isLacking, refetch]);
  return catalogue;
}

/** The fabric at a glance: how it is, what needs you, what runs where, what changed. */
export function HomePage() {
  const t = useTranslations('home');
  // Asked for beside the lists, so that the first cards do not push away what shows already.
  const catalogue = useCatalogue();
  return (
    <Loaded title={t('title')} skeleton={<HomeSkeleton />}>
      <Glance catalogueIsComing={catalogue.isPending} />
    </Loaded>
  );
}

function Glance({ catalogueIsComing }: { readonly catalogueIsComing: boolean }) {
  const t = useTranslations('home');
  const may = useMay();
  const workloads = useWorkloads();
  const hasApps = workloads.length > 0;
  const isAsked = useJoins().some(({ state }) => state === 'approval');
  const storeTrouble = useStoreTrouble();
  const isUrgent = [useNodes().some(isAway), workloads.some(isTroubled), isAsked, storeTrouble !== undefined].some(Boolean);
  const mayDeploy = may('workload.create');
  if (!hasApps && mayDeploy && catalogueIsComing) return <HomeSkeleton />;
  return (
    <div className="flex flex-col gap-8">
      <HealthLine canDeploy={hasApps && mayDeploy} />
      {hasApps || !mayDeploy ? null : <FirstApp />}
      {isUrgent ? <Needs storeTrouble={storeTrouble} /> : null}
      <Section title={t('fabric')} headingId="fabric">
        <p className="-mt-2 text-sm text-ink-soft">{t('fabricText')}</p>
        <FabricView />
      </Section>
      <Changes />
      {isUrgent ? null : <Needs storeTrouble={undefined} />}
    </div>
  );
}

function HealthLine({ canDeploy }: { readonly canDeploy: boolean }) {
  const t = useTranslations('home');
  const [nodes, workloads] = [useNodes(), useWorkloads()];
  const { kind, tone, params } = useMemo(() => computeHealth(nodes, workloads), [nodes, workloads]);
  return (
    <header className="flex flex-wrap items-center justify-between gap-3">
      <h1 aria-live="polite" className="flex min-w-0 items-baseline gap-2.5 text-xl font-semibold">
        <StateShape tone={tone} className="size-3.5" />
        <span className="min-w-0">{t(`health.${kind}`, params)}</span>
      </h1>
      {canDeploy ? (
        <Link href="/deploy" className={buttonClasses({ variant: 'primary' })}>
          <Rocket aria-hidden />
          {t('deploy')}
        </Link>
      ) : null}
    </header>
  );
}

function Changes() {
  const t = useTranslations('home');
  const events = useEvents().slice(0, LATEST);
  const all = (
    <Link href="/activity" className={buttonClasses({ variant: 'ghost', size: 'sm' })}>
      {t('allActivity')}
    </Link>
  );
  return (
    <Section title={t('changed')} headingId="changed" actions={all}>
      <Card className="px-3">
        {events.length === 0 ? (
          <p className="py-3 text-ink-soft">{t('nothingChanged')}</p>
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
