'use client';

import type { CloudlessNode, Engine } from '@cloudless/proto';
import { Badge, Card, CopyButton } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { useFormat } from '#web/format/use-format.ts';
import { useCopyLabels } from '#web/live/use-copy-labels.ts';
import { NetworkLink, Power } from '../devices/device-facts.tsx';

const Row = ({ term, children }: { readonly term: string; readonly children: ReactNode }) => (
  <div className="grid grid-cols-[9rem_1fr] gap-3 border-b py-1.5 last:border-b-0">
    <dt className="text-ink-soft">{term}</dt>
    <dd className="min-w-0">{children}</dd>
  </div>
);

function useEngineText(): (engine: Engine) => string {
  const t = useTranslations('deviceDetail');
  return (engine) =>
    engine.state === 'ready'
      ? `${engine.name} ${engine.version}${engine.rootless ? ', rootless' : ''} · ${engine.platform}`
      : t(`engineState.${engine.state}`);
}

/** Everything that is known of the device. */
export function FactList({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('deviceDetail');
  const format = useFormat();
  const engineText = useEngineText();
  const copyLabels = useCopyLabels(t('copyId'));
  const { fingerprint, allocatable, requested, certificate, joinedAt, labels } = node;
  const both = ({ cpuMillicores, memoryBytes, storageBytes }: typeof allocatable): string =>
    t('coresAndMemory', { cores: format.cores(cpuMillicores), memory: format.bytes(memoryBytes), disk: format.bytes(storageBytes) });
  const pairs = Object.entries(labels);
  return (
    <Card className="px-3">
      <dl>
        {fingerprint === undefined ? null : (
          <>
            <Row term={t('os')}>{fingerprint.os}</Row>
            <Row term={t('kernel')}>{fingerprint.kernel}</Row>
            <Row term={t('arch')}>{fingerprint.arch}</Row>
            <Row term={t('engine')}>{engineText(fingerprint.engine)}</Row>
            <Row term={t('agent')}>{fingerprint.agentVersion}</Row>
            <Row term={t('capacity')}>{both(fingerprint.capacity)}</Row>
          </>
        )}
        <Row term={t('lends')}>{both(allocatable)}</Row>
        <Row term={t('requested')}>{both(requested)}</Row>
        {fingerprint === undefined || fingerprint.power.source === 'unknown' ? null : (
          <Row term={t('power')}>
            <Power power={fingerprint.power} />
          </Row>
        )}
        {fingerprint === undefined || fingerprint.link.type === 'unknown' ? null : (
          <Row term={t('link')}>
            <NetworkLink link={fingerprint.link} />
          </Row>
        )}
        <Row term={t('labels')}>
          <span className="flex flex-wrap gap-1">
            {pairs.length === 0
              ? t('noLabels')
              : pairs.map(([key, value]) => <Badge key={key}>{value === '' ? key : `${key}=${value}`}</Badge>)}
          </span>
        </Row>
        <Row term={t('joined')}>{format.instant(joinedAt)}</Row>
        <Row term={t('certificate')}>{format.instant(certificate.notAfter)}</Row>
        <Row term={t('id')}>
          <span className="flex items-center gap-1 font-mono text-xs">
            <span className="min-w-0 truncate">{node.id}</span>
            <CopyButton text={node.id} {...copyLabels} />
          </span>
        </Row>
      </dl>
    </Card>
  );
}
