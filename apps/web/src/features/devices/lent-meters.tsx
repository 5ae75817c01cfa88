'use client';

import type { CloudlessNode } from '@cloudless/proto';
import { Meter, cn } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useFormat } from '#web/format/use-format.ts';
import { useLentUsage } from '#web/live/use-entities.ts';

/** What the device lends: used now, over what is reserved. */
export function LentMeters({ node, className }: { readonly node: CloudlessNode; readonly className?: string }) {
  const t = useTranslations('devices');
  const format = useFormat();
  const used = useLentUsage(node);
  const { allocatable: lent, requested } = node;
  const cpu =
    used === undefined
      ? t('reservedOf', { requested: format.coresBare(requested.cpuMillicores), lent: format.cores(lent.cpuMillicores) })
      : t('ofLent', { used: format.coresBare(used.cpuMillicores), lent: format.cores(lent.cpuMillicores) });
  const memory =
    used === undefined
      ? t('reservedOf', { requested: format.bytes(requested.memoryBytes), lent: format.bytes(lent.memoryBytes) })
      : t('ofLent', { used: format.bytes(used.memoryBytes), lent: format.bytes(lent.memoryBytes) });
  const disk = t('reservedOf', { requested: format.bytes(requested.storageBytes), lent: format.bytes(lent.storageBytes) });
  return (
    <div className={cn('flex flex-col gap-2', className)}>
      <Meter label={t('cpu')} text={cpu} max={lent.cpuMillicores} used={used?.cpuMillicores} requested={requested.cpuMillicores} />
      <Meter label={t('memory')} text={memory} max={lent.memoryBytes} used={used?.memoryBytes} requested={requested.memoryBytes} />
      <Meter label={t('disk')} text={disk} max={lent.storageBytes} used={used?.storageBytes} requested={requested.storageBytes} />
    </div>
  );
}
