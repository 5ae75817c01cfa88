'use client';

import type { Allocation, CloudlessNode } from '@cloudless/proto';
import { Button, Callout } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useState } from 'react';
import { Since } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useAllocations, useWorkload } from '#web/live/use-entities.ts';
import { useNow } from '#web/live/use-now.ts';
import { useMay } from '#web/session/session.tsx';
import { AllocationState } from '#web/states/state-of.tsx';
import { useCauseText, useReasonText } from '#web/states/use-texts.ts';
import { DrainDialog } from './drain-dialog.tsx';
import { isHeld, judgeStillHere } from './still-here.ts';

type Drain = NonNullable<CloudlessNode['drain']>;

/** How far the emptying of a device is: what it still holds, why, and until when. Absent while nobody empties it. */
export function DrainProgress({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('drain');
  const causeText = useCauseText();
  const held = useAllocations({ nodeId: node.id }).filter(isHeld);
  const { drain } = node;
  if (drain === undefined) return null;
  const isLeaving = drain.purpose === 'leave';
  const isEmpty = held.length === 0;
  return (
    <Callout
      tone={isEmpty ? 'good' : 'busy'}
      title={isEmpty && !isLeaving ? t('drained') : t(isLeaving ? 'leaving' : 'draining')}
      actions={isLeaving ? undefined : <DrainActions node={node} isEmpty={isEmpty} />}
    >
      <p>
        {causeText(drain.cause)} <Since at={drain.sinceAt} className="text-ink-soft" />
      </p>
      <p aria-live="polite">{isEmpty ? t('empty') : t('left', { count: held.length })}</p>
      {isEmpty ? null : (
        <>
          <Deadline drain={drain} />
          <ul className="mt-1 flex flex-col divide-y rounded-md border bg-surface px-3" aria-label={t('list')}>
            {held.map((row) => (
              <StillHereRow key={row.id} held={row} />
            ))}
          </ul>
        </>
      )}
    </Callout>
  );
}

function Deadline({ drain: { deadlineAt } }: { readonly drain: Drain }) {
  const t = useTranslations('drain');
  const format = useFormat();
  const now = useNow();
  if (deadlineAt === undefined) return <p>{t('waits')}</p>;
  const leftMs = deadlineAt - now;
  return (
    <p suppressHydrationWarning>
      {leftMs > 0 ? t('until', { time: format.instant(deadlineAt), left: format.duration(leftMs) }) : t('over')}
    </p>
  );
}

function StillHereRow({ held }: { readonly held: Allocation }) {
  const t = useTranslations('drain');
  const format = useFormat();
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 py-1.5">
      <Link href={`/apps/${held.workloadId}`} className="min-w-0 wrap-anywhere font-medium hover:underline">
        {t('replica', { app: held.workloadName, number: format.count(held.slot + 1) })}
      </Link>
      <Why held={held} />
    </li>
  );
}

function Why({ held }: { readonly held: Allocation }) {
  const t = useTranslations('drain');
  const causeText = useCauseText();
  const reasonText = useReasonText();
  const others = useAllocations({ workloadId: held.workloadId });
  const state = judgeStillHere(held, others, useWorkload(held.workloadId));
  switch (state.kind) {
    case 'stopping':
    case 'waiting':
      return <span className="text-ink-soft">{t(state.kind)}</span>;
    case 'moving':
      return (
        <span>
          {t('movesTo', { node: state.to.nodeName })} <AllocationState allocation={state.to} />
        </span>
      );
    case 'stuck':
      return (
        <span className="min-w-0">
          {t('stuck')} {state.unplaced.reasons.map((reason) => reasonText(reason)).join(' ')}
          {state.unplaced.remedy === undefined ? null : <span className="block">{causeText(state.unplaced.remedy)}</span>}
        </span>
      );
  }
}

function DrainActions({ node, isEmpty }: { readonly node: CloudlessNode; readonly isEmpty: boolean }) {
  const t = useTranslations('drain');
  const may = useMay();
  const [isChoosing, setChoosing] = useState(false);
  const stop = useAction('node.drain', { receipt: ({ name }) => t('stopped', { name }) });
  const input = { nodeId: node.id, draining: false };
  if (!may('node.update')) return null;
  return (
    <>
      {isEmpty ? null : (
        <Button size="sm" onClick={() => setChoosing(true)}>
          {node.drain?.deadlineAt === undefined ? t('setDeadline') : t('changeDeadline')}
        </Button>
      )}
      <Button size="sm" loading={stop.pending} onClick={() => void stop.run(input)}>
        {t('stop')}
      </Button>
      <CopyAs name="node.drain" what={t('stop')} input={input} />
      <FailureCallout failure={stop.failure} className="basis-full" />
      {isChoosing ? <DrainDialog node={node} onClose={() => setChoosing(false)} /> : null}
    </>
  );
}
