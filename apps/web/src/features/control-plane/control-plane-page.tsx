'use client';

import type { ClusterStatus } from '@cloudless/proto';
import { Button, Skeleton } from '@cloudless/ui';
import { ChevronLeft } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { Age } from '#web/format/age.tsx';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useLive } from '#web/live/live-provider.tsx';
import { PageHeader } from '#web/shell/page-header.tsx';
import { BackupSection } from './backup-section.tsx';
import { CoordinatorSection } from './coordinator-section.tsx';
import { GrowSection } from './grow-section.tsx';
import { asHeard, judgeControlPlane } from './judge-control-plane.ts';
import { LeadershipNote } from './leadership-note.tsx';
import { StoreSection } from './store-section.tsx';
import { useClusterStatus } from './use-cluster-status.ts';

/** The control plane: who leads, where the state lies, and how well it would bear a loss. */
export function ControlPlanePage() {
  const t = useTranslations('controlPlane');
  const settings = useTranslations('settings');
  const status = useClusterStatus();
  const staleSince = useLive((state) => state.staleSince);
  const shown = status.data && asHeard(status.data, staleSince);
  const before = (
    <Link href="/settings" className="flex items-center gap-1 self-start text-xs text-ink-soft hover:underline">
      <ChevronLeft aria-hidden className="size-3.5" />
      {settings('title')}
    </Link>
  );
  return (
    <>
      <PageHeader
        className="max-w-4xl sm:flex-nowrap sm:*:last:shrink-0"
        before={before}
        title={t('title')}
        sentence={shown === undefined ? undefined : <Sentence status={shown} />}
        actions={
          <>
            <CopyAs name="cluster.status" what={t('lookAgain')} input={{}} />
            <Button loading={status.isFetching && status.data === undefined} onClick={() => void status.refetch()}>
              {t('lookAgain')}
            </Button>
          </>
        }
      />
      <div className="flex max-w-4xl flex-col gap-8">
        <FailureCallout failure={status.error ?? undefined} onRetry={() => void status.refetch()} />
        {shown === undefined ? <Waiting failed={status.error !== null} /> : <Parts status={shown} onChange={() => void status.refetch()} />}
      </div>
    </>
  );
}

const Waiting = ({ failed }: { readonly failed: boolean }) =>
  failed ? null : (
    <>
      <Skeleton className="h-24" />
      <Skeleton className="h-40" />
    </>
  );

function Sentence({ status }: { readonly status: ClusterStatus }) {
  const t = useTranslations('controlPlane');
  const { code, params } = judgeControlPlane(status);
  return (
    <p data-testid="control-plane-sentence">
      {t(`sentence.${code}`, params)}{' '}
      <span className="text-xs">
        {t('asOf')} <Age at={status.at} />
      </span>
    </p>
  );
}

function Parts({ status, onChange }: { readonly status: ClusterStatus; readonly onChange: () => void }) {
  return (
    <>
      <LeadershipNote leadership={status.leadership} />
      <CoordinatorSection status={status} />
      <StoreSection store={status.store} />
      <BackupSection backups={status.backups} onMade={onChange} />
      {status.store.kind === 'sqlite' ? <GrowSection /> : null}
    </>
  );
}
