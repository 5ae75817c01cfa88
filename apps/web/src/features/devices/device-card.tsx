'use client';

import { isTerminalPhase, type Allocation, type CloudlessNode } from '@cloudless/proto';
import { Card, StateShape } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useMemo } from 'react';
import { useAllocations } from '#web/live/use-entities.ts';
import { useLendingSentences, useWithheldText } from '../lending/use-lending-sentences.ts';
import { allocationTone } from '#web/states/state-of.tsx';
import { Channels, NetworkLink, NodeBadges, Power, StateLine, useSystemText } from './device-facts.tsx';
import { LentMeters } from './lent-meters.tsx';

const SHOWN = 6;

/** One device: how it is, what it lends, what it runs. */
export function DeviceCard({ node }: { readonly node: CloudlessNode }) {
  const systemText = useSystemText();
  return (
    <Card className="flex flex-col gap-3 p-4">
      <div className="flex flex-col gap-1">
        <div className="flex flex-wrap items-center gap-2">
          <h2 className="min-w-0 truncate text-lg font-semibold">
            <Link href={`/devices/${node.id}`} className="hover:underline">
              {node.name}
            </Link>
          </h2>
          <NodeBadges node={node} />
        </div>
        <p className="text-xs text-ink-soft">{systemText(node)}</p>
      </div>
      <StateLine node={node} />
      <LentMeters node={node} />
      <div className="flex flex-wrap gap-x-3 gap-y-1">
        <Channels node={node} />
        {node.fingerprint === undefined ? null : (
          <>
            <Power power={node.fingerprint.power} />
            <NetworkLink link={node.fingerprint.link} />
          </>
        )}
      </div>
      <Lends node={node} />
      <RunsHere nodeId={node.id} />
    </Card>
  );
}

/** The owner's rule in sentences, and why nothing is lent now. */
function Lends({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('lending');
  const sentences = useLendingSentences()(node.lending);
  const withheld = useWithheldText()(node);
  if (withheld !== undefined)
    return (
      <p>
        <span className="font-medium">{t('withheld')}.</span> {withheld}
      </p>
    );
  return <p className="text-ink-soft">{sentences.join(' ')}</p>;
}

function RunsHere({ nodeId }: { readonly nodeId: string }) {
  const t = useTranslations('devices');
  const own = useAllocations({ nodeId });
  const running = useMemo(() => own.filter(({ observed }) => !isTerminalPhase(observed.phase)), [own]);
  return (
    <div className="mt-auto border-t pt-3">
      {running.length === 0 ? (
        <p className="text-ink-soft">{t('nothing')}</p>
      ) : (
        <ul aria-label={t('runs')} className="flex flex-wrap gap-x-3 gap-y-1">
          {running.slice(0, SHOWN).map((row) => (
            <Running key={row.id} allocation={row} />
          ))}
          {running.length > SHOWN ? <li className="text-ink-soft">{t('more', { count: running.length - SHOWN })}</li> : null}
        </ul>
      )}
    </div>
  );
}

const Running = ({ allocation }: { readonly allocation: Allocation }) => (
  <li className="max-w-full">
    <Link href={`/apps/${allocation.workloadId}`} className="inline-flex max-w-full items-center gap-1.5 hover:underline">
      <StateShape tone={allocationTone(allocation)} className="size-2.5" />
      <span className="truncate">{allocation.workloadName}</span>
      <span className="text-ink-soft">{allocation.slot + 1}</span>
    </Link>
  </li>
);
