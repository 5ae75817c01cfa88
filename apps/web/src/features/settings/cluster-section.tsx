'use client';

import { Button, Section, Skeleton, buttonClasses } from '@cloudless/ui';
import Link from 'next/link';
import { useMay } from '#web/session/session.tsx';
import { useAction } from '#web/live/use-action.ts';
import { ReachNote } from '../add-device/offer-ways.tsx';
import { useTranslations } from 'next-intl';
import { Age } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { Facts } from './facts.tsx';

/** What the cluster is: version, addresses, trust, where its data lies. */
export function ClusterSection() {
  const t = useTranslations('settings');
  const format = useFormat();
  const controlPlane = useTranslations('controlPlane');
  const cluster = useAsk('cluster.get', {});
  const found = cluster.data;
  const toControlPlane = (
    <Link href="/settings/cluster" className={buttonClasses()}>
      {controlPlane('open')}
    </Link>
  );
  return (
    <Section title={t('cluster')} headingId="cluster" actions={toControlPlane}>
      <FailureCallout failure={cluster.error ?? undefined} onRetry={() => void cluster.refetch()} />
      {found === undefined ? (
        <Skeleton className="h-56" />
      ) : (
        <Facts
          facts={[
            { name: t('version'), value: found.version },
            { name: t('started'), value: <Age at={found.startedAt} /> },
            { name: t('addresses'), value: found.urls.join(', ') },
            { name: t('dataFolder'), value: found.dataFolder },
            { name: t('epoch'), value: t('epochRevision', { epoch: format.count(found.epoch), revision: format.count(found.revision) }) },
            { name: t('trustDomain'), value: found.trustDomain },
            { name: t('deviceCa'), value: <code className="font-mono text-xs">{found.deviceCaFingerprint}</code> },
            ...(found.webCaFingerprint === undefined
              ? []
              : [{ name: t('webCa'), value: <code className="font-mono text-xs">{found.webCaFingerprint}</code> }]),
          ]}
        />
      )}
      <ReachFacts hasAuthority={found?.webCaFingerprint !== undefined} />
    </Section>
  );
}

/** From where devices get in, and how browsers come to trust it. */
function ReachFacts({ hasAuthority }: { readonly hasAuthority: boolean }) {
  const t = useTranslations('settings');
  const may = useMay();
  const reach = useAsk('cluster.reach', {});
  const check = useAction('cluster.checkReach', { onDone: () => void reach.refetch() });
  return (
    <div className="flex flex-col gap-3 pt-4">
      <h3 className="font-medium">{t('reach')}</h3>
      {reach.data === undefined ? null : <ReachNote reach={reach.data} />}
      {reach.data?.publicUrl === undefined || !may('cluster.update') ? null : (
        <Button size="sm" loading={check.pending} onClick={() => void check.run({})} className="self-start">
          {t('checkAgain')}
        </Button>
      )}
      {hasAuthority ? (
        <>
          <h3 className="font-medium">{t('trust')}</h3>
          <p className="text-ink-soft">{t('trustText')}</p>
          <Link href="/trust" className={buttonClasses({ size: 'sm', className: 'self-start' })}>
            {t('trust')}
          </Link>
        </>
      ) : null}
    </div>
  );
}
