'use client';

import type { Allocation, CloudlessNode, Workload } from '@cloudless/proto';
import { StateMark, type Tone } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { nodeWord } from './node-word.ts';
import { NODE_TONE, PHASE_TONE, WORKLOAD_TONE } from './tones.ts';

/** The state of a device, as word, shape and colour. */
export function NodeState({ node, className }: { readonly node: Pick<CloudlessNode, 'state'>; readonly className?: string }) {
  const t = useTranslations('states.node');
  return <StateMark tone={NODE_TONE[node.state.word]} word={t(nodeWord(node.state))} className={className ?? ''} />;
}

/** The state of an app. */
export function WorkloadState({ workload, className }: { readonly workload: Pick<Workload, 'status'>; readonly className?: string }) {
  const t = useTranslations('states.workload');
  const { condition } = workload.status;
  return <StateMark tone={WORKLOAD_TONE[condition]} word={t(condition)} className={className ?? ''} />;
}

/** What an allocation looks like: of a device that is not heard from, the last known is unknown. */
export function allocationTone(allocation: Pick<Allocation, 'observed' | 'unreachable'>): Tone {
  if (allocation.unreachable) return 'idle';
  const { phase, ready } = allocation.observed;
  return phase === 'running' && !ready ? 'busy' : PHASE_TONE[phase];
}

/** The state of one replica. */
export function AllocationState({
  allocation,
  className,
}: {
  readonly allocation: Pick<Allocation, 'observed' | 'unreachable'>;
  readonly className?: string;
}) {
  const t = useTranslations('states.allocation');
  const { phase, ready } = allocation.observed;
  const word = allocation.unreachable ? t('unknown') : phase === 'running' && !ready ? t('notReady') : t(phase);
  return <StateMark tone={allocationTone(allocation)} word={word} className={className ?? ''} />;
}
