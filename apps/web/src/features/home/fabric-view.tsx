'use client';

import { Badge, EmptyState, Meter, StateShape, cn } from '@cloudless/ui';
import { MonitorSmartphone } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useMemo, useRef } from 'react';
import { useFormat } from '#web/format/use-format.ts';
import { useAllocations, useLentUsage, useNodes, useWorkloads } from '#web/live/use-entities.ts';
import { NodeState, allocationTone } from '#web/states/state-of.tsx';
import { composeFabric, type Chip, type Tile, type WaitingApp } from './fabric.ts';
import { useFlip } from './use-flip.ts';

/** More would be a wall, not a picture. */
const MOST_CHIPS = 24;

/** Every device with what runs on it; what moves is seen moving. */
export function FabricView() {
  const t = useTranslations('home');
  const [nodes, workloads, allocations] = [useNodes(), useWorkloads(), useAllocations()];
  const fabric = useMemo(() => composeFabric(nodes, workloads, allocations), [nodes, workloads, allocations]);
  const root = useRef<HTMLDivElement>(null);
  useFlip(root, fabric);
  if (fabric.tiles.length === 0) return <EmptyState icon={<MonitorSmartphone />} title={t('noDeviceTitle')} text={t('noDeviceText')} />;
  return (
    <div ref={root} className="flex flex-wrap gap-3">
      {fabric.tiles.map((tile) => (
        <DeviceTile key={tile.node.id} tile={tile} />
      ))}
      {fabric.waiting.length === 0 ? null : <WaitingTile waiting={fabric.waiting} />}
    </div>
  );
}

function DeviceTile({ tile: { node, weight, chips } }: { readonly tile: Tile }) {
  const t = useTranslations('home');
  return (
    <article
      style={{ flexGrow: weight, flexBasis: `${Math.round(220 * weight)}px` }}
      className={cn(
        '@container flex max-w-full min-w-60 flex-col gap-3 rounded-lg border bg-surface p-3 max-sm:min-w-full',
        node.state.word !== 'online' && 'border-dashed',
      )}
    >
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <h3 className="min-w-0 truncate font-semibold">
          <Link href={`/devices/${node.id}`} className="hover:underline">
            {node.name}
          </Link>
        </h3>
        <span className="flex items-center gap-2">
          {node.schedulable ? null : <Badge tone="warn">{t('cordoned')}</Badge>}
          <NodeState node={node} className="text-sm" />
        </span>
      </div>
      <ul className="flex min-h-10 flex-wrap content-start gap-1.5">
        {chips.slice(0, MOST_CHIPS).map((chip) => (
          <AppChip key={chip.allocation.id} chip={chip} />
        ))}
        {chips.length > MOST_CHIPS ? (
          <li className="px-1 py-1 text-ink-soft">{t('moreReplicas', { count: chips.length - MOST_CHIPS })}</li>
        ) : null}
        {chips.length === 0 ? <li className="text-ink-soft">{t('nothingHere')}</li> : null}
      </ul>
      <TileMeters node={node} />
    </article>
  );
}

function TileMeters({ node }: { readonly node: Tile['node'] }) {
  const t = useTranslations('home');
  const format = useFormat();
  const used = useLentUsage(node);
  const { allocatable, requested } = node;
  const text = (now: string | undefined, reserved: string, lent: string): string =>
    now === undefined ? t('requestedOf', { requested: reserved, lent }) : t('ofLent', { used: now, lent });
  return (
    <div className="mt-auto grid gap-x-4 gap-y-2 @md:grid-cols-2">
      <Meter
        label={t('cpu')}
        max={allocatable.cpuMillicores}
        used={used?.cpuMillicores}
        requested={requested.cpuMillicores}
        text={text(
          used && format.coresBare(used.cpuMillicores),
          format.coresBare(requested.cpuMillicores),
          format.cores(allocatable.cpuMillicores),
        )}
      />
      <Meter
        label={t('memory')}
        max={allocatable.memoryBytes}
        used={used?.memoryBytes}
        requested={requested.memoryBytes}
        text={text(used && format.bytes(used.memoryBytes), format.bytes(requested.memoryBytes), format.bytes(allocatable.memoryBytes))}
      />
    </div>
  );
}

const CHIP = 'inline-flex h-7 max-w-full items-center gap-1.5 rounded-md border bg-canvas px-2 text-sm hover:border-line-strong';

function AppChip({ chip: { slotKey, allocation } }: { readonly chip: Chip }) {
  const states = useTranslations('states.allocation');
  const { phase, ready } = allocation.observed;
  const state = allocation.unreachable ? states('unknown') : phase === 'running' && !ready ? states('notReady') : states(phase);
  const tone = allocationTone(allocation);
  return (
    <li data-flip={slotKey} className="relative max-w-full">
      <Link href={`/apps/${allocation.workloadId}`} className={CHIP}>
        <StateShape tone={tone} className={cn('size-2.5', tone === 'busy' && 'animate-spin')} />
        <span className="truncate">{allocation.workloadName}</span>
        <span className="text-ink-soft">{allocation.slot + 1}</span>
        <span className="sr-only">{state}</span>
      </Link>
    </li>
  );
}

function WaitingTile({ waiting }: { readonly waiting: readonly WaitingApp[] }) {
  const t = useTranslations('home');
  return (
    <article className="flex max-w-full min-w-60 flex-1 basis-56 flex-col gap-3 rounded-lg border border-dashed border-line-strong p-3 max-sm:min-w-full">
      <h3 className="font-semibold">{t('waiting')}</h3>
      <ul className="flex flex-wrap gap-1.5">
        {waiting.slice(0, MOST_CHIPS).map(({ workload, missing }) => (
          <li key={workload.id} data-flip={`${workload.id}:waiting`} className="max-w-full">
            <Link href={`/apps/${workload.id}`} className={CHIP}>
              <StateShape tone="warn" className="size-2.5" />
              <span className="truncate">{workload.name}</span>
              <span className="text-ink-soft">×{missing}</span>
            </Link>
          </li>
        ))}
        {waiting.length > MOST_CHIPS ? (
          <li className="text-ink-soft">{t('moreReplicas', { count: waiting.length - MOST_CHIPS })}</li>
        ) : null}
      </ul>
    </article>
  );
}
