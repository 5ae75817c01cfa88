'use client';

import { Section, Skeleton } from '@cloudless/ui';
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
  const cluster = useAsk('cluster.get', {});
  const found = cluster.data;
  return (
    <Section title={t('cluster')} headingId="cluster">
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
    </Section>
  );
}
