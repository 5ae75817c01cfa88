'use client';

import { NODE_STATES, type Allocation, type Cause, type ClusterEvent, type Unplaced, type Workload } from '@cloudless/proto';
import { useLocale, useTranslations } from 'next-intl';
import { useMemo } from 'react';
import { useFormat } from '#web/format/use-format.ts';
import { canSay } from '#web/i18n/fill-text.ts';
import { paramsOfEvent } from './event-params.ts';
import { listShortages, paramsBeneath, saidParams, type Params, type Tongue } from './said-params.ts';

type Said = Pick<Cause, 'code' | 'message' | 'params'>;
type Reason = Pick<Unplaced['reasons'][number], 'filter' | 'message' | 'params'> & { readonly nodeCount?: number };

function useTongue(): Tongue {
  const locale = useLocale();
  const format = useFormat();
  const t = useTranslations('reasons');
  return useMemo(() => {
    const list = new Intl.ListFormat(locale);
    return {
      bytes: format.bytes,
      cores: format.cores,
      duration: format.duration,
      list: (parts) => list.format(parts),
      ofMemory: (amount) => t('memory', { amount }),
      ofDisk: (amount) => t('disk', { amount }),
      more: (count) => t('more', { count }),
    };
  }, [locale, format, t]);
}

/** A cause in the reader's language, where the catalogue has it; else as the coordinator said it, in English. */
export function useCauseText(): (cause: Said) => string {
  const t = useTranslations('causes');
  const reasons = useTranslations('reasons');
  const tongue = useTongue();
  function say({ code, message, params = {} }: Said): string {
    const key = code as Parameters<typeof t.has>[0];
    const known = nest(saidParams(params, tongue), say);
    const exit = canSay('{reason} {exitCode}', known) ? { exit: reasons('exit', known as never) } : {};
    const all = { ...known, ...exit };
    return !code.includes('.') && t.has(key) && canSay(t.raw(key), all) ? t(key, all as never) : message;
  }
  return say;
}

/** The cause beneath, in the reader's language. */
function nest(params: Params, say: (cause: Said) => string): Params {
  const { code, cause } = params;
  if (typeof code !== 'string' || typeof cause !== 'string') return params;
  return { ...params, cause: say({ code, message: cause, params: paramsBeneath(params) }) };
}

/** Which sentence tells of a refusal: that of its filter, or of one of its cases. */
function sentenceOf({ filter, params = {} }: Reason): string {
  if (filter === 'ready') {
    if (params['engine'] !== undefined) return 'ready_engine';
    if (params['cause'] !== undefined) return 'ready_one';
    return params['state'] === undefined ? 'ready' : 'ready_untold';
  }
  if (filter === 'lending' && params['how'] !== undefined) return `lending_${params['how']}`;
  return filter === 'score' && params['winner'] === undefined ? 'score_unasked' : filter;
}

/** Why a device does not take a replica. */
export function useReasonText(): (reason: Reason) => string {
  const t = useTranslations('reasons');
  const words = useWords();
  const causeText = useCauseText();
  const tongue = useTongue();
  return (reason) => {
    const key = sentenceOf(reason) as Parameters<typeof t.has>[0];
    const params = { ...reason.params };
    const known: Params = { count: reason.nodeCount ?? 1, ...words(nest(saidParams(params, tongue), causeText)) };
    const short = listShortages(params, tongue).map((shortage) => t('short', shortage));
    const all = short.length === 0 ? known : { ...known, shortOf: short.join('; ') };
    return t.has(key) && canSay(t.raw(key), all) ? t(key, all as never) : reason.message;
  };
}

const isNodeState = (word: unknown): word is (typeof NODE_STATES)[number] => NODE_STATES.some((state) => state === word);
const ENGINE_STATES = ['ready', 'absent', 'stopped', 'forbidden', 'failing'] as const;
const isEngineState = (word: unknown): word is (typeof ENGINE_STATES)[number] => ENGINE_STATES.some((state) => state === word);

/** States of devices and engines by their words. */
function useWords(): (params: Params) => Params {
  const states = useTranslations('states.node');
  const engines = useTranslations('deviceDetail.engineState');
  return (params) => {
    const { state, engine } = params;
    return {
      ...params,
      ...(isNodeState(state) ? { stateWord: states(state) } : {}),
      ...(isEngineState(engine) ? { engineWord: engines(engine) } : {}),
    };
  };
}

/** Why an app is as it is. What no device takes is told with its reasons and what would help. */
export function useStatusText(): (status: Workload['status']) => string {
  const t = useTranslations('reasons');
  const causeText = useCauseText();
  const reasonText = useReasonText();
  return ({ cause, unplaced }) => {
    const slot = cause.params?.['slot'];
    const first = unplaced.find((one) => one.slot === slot) ?? unplaced[0];
    if (cause.code !== 'unplaced' || first === undefined) return causeText(cause);
    const reasons = first.reasons.map((reason) => reasonText(reason)).join(' ');
    return t('noneFits', { reasons, remedy: first.remedy === undefined ? '' : causeText(first.remedy) }).trim();
  };
}

/** Why a replica is, or would be, on its device. */
export function usePlacementText(): (placement: Pick<Allocation['placement'], 'message' | 'params'>, node: string) => string {
  const t = useTranslations('reasons');
  return ({ message, params = {} }, node) => {
    const key = params['fitting'] === 1 ? 'onlyOne' : 'best';
    const known = { ...params, node };
    return canSay(t.raw(key), known) ? t(key, known as never) : message;
  };
}

/** What happened, as a sentence in the reader's language; as the coordinator said it where something is missing. */
export function useEventText(): (event: ClusterEvent) => string {
  const t = useTranslations('events');
  const causeText = useCauseText();
  const reasonText = useReasonText();
  const words = useWords();
  return (event) => {
    const { filter, cause, reasons } = event.params;
    const known = nest(paramsOfEvent(event), causeText);
    const isOneReason = typeof filter === 'string' && typeof cause === 'string' && reasons === 1;
    const told = isOneReason ? { ...known, cause: reasonText({ filter, message: cause, params: event.params }) } : known;
    const params = words(told);
    return t.has(event.kind) && canSay(t.raw(event.kind), params) ? t(event.kind, params as never) : event.message;
  };
}
