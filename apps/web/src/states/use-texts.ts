'use client';

import type { Cause, ClusterEvent } from '@cloudless/proto';
import { useTranslations } from 'next-intl';
import { canSay } from '#web/i18n/fill-text.ts';
import { paramsOfEvent } from './event-params.ts';

/** A cause in the reader's language, where the catalogue has it; else as the coordinator said it, in English. */
export function useCauseText(): (cause: Cause) => string {
  const t = useTranslations('causes');
  return ({ code, message, params = {} }) => {
    const key = code as Parameters<typeof t.has>[0];
    return !code.includes('.') && t.has(key) && canSay(t.raw(key), params) ? t(key, params as never) : message;
  };
}

/** What happened, as a sentence in the reader's language; as the coordinator said it where something is missing. */
export function useEventText(): (event: ClusterEvent) => string {
  const t = useTranslations('events');
  const causes = useCauseText();
  return (event) => {
    const code = event.params['code'];
    const known = paramsOfEvent(event);
    const cause = known['cause'];
    const params =
      typeof code === 'string' && typeof cause === 'string' ? { ...known, cause: causes({ code, message: cause, params: known }) } : known;
    return t.has(event.kind) && canSay(t.raw(event.kind), params) ? t(event.kind, params as never) : event.message;
  };
}
