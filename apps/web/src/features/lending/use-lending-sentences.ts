'use client';

import type { CloudlessNode, LendingHours, LendingRule } from '@cloudless/proto';
import { useTranslations } from 'next-intl';
import { useFormat } from '#web/format/use-format.ts';
import { useCauseText } from '#web/states/use-texts.ts';
import { minuteToClock, runsOf } from './lending-text.ts';

/** The rule as sentences. An empty one lends everything, always. */
export function useLendingSentences(): (rule: LendingRule | undefined) => readonly string[] {
  const t = useTranslations('lending');
  const format = useFormat();
  const days = (window: LendingHours): string =>
    window.days.length === 7
      ? t('daily')
      : runsOf(window.days)
          .map(([first, last]) => (first === last ? t(`day.${first as 1}`) : `${t(`day.${first as 1}`)}–${t(`day.${last as 1}`)}`))
          .join(', ');
  const hours = (window: LendingHours): string =>
    t('hoursOf', { days: days(window), from: minuteToClock(window.fromMinute), until: minuteToClock(window.untilMinute) });
  return (rule = {}) => {
    const ceilings = [
      rule.cpuMillicores === undefined ? undefined : format.cores(rule.cpuMillicores),
      rule.memoryBytes === undefined ? undefined : t('ofMemory', { bytes: format.bytes(rule.memoryBytes) }),
      rule.storageBytes === undefined ? undefined : t('ofDisk', { bytes: format.bytes(rule.storageBytes) }),
    ].filter((text) => text !== undefined);
    const sentences = [
      ceilings.length === 0 ? t('sentence.everything') : t('sentence.upTo', { what: ceilings.join(' · ') }),
      rule.hours === undefined ? undefined : t('sentence.hours', { hours: rule.hours.map(hours).join(' · ') }),
      rule.mainsOnly === true ? t('sentence.mains') : undefined,
      rule.batteryAtLeastPercent === undefined ? undefined : t('sentence.battery', { percent: rule.batteryAtLeastPercent }),
      rule.unmeteredOnly === true ? t('sentence.unmetered') : undefined,
      rule.networks === undefined ? undefined : t('sentence.networks', { names: rule.networks.join(', ') }),
      rule.idleMinutes === undefined ? undefined : t('sentence.idle', { minutes: rule.idleMinutes }),
      rule.projects === undefined ? undefined : t('sentence.projects', { count: rule.projects.length }),
    ];
    return sentences.filter((sentence) => sentence !== undefined);
  };
}

/** Why a device lends nothing now; `undefined` while it does. */
export function useWithheldText(): (node: Pick<CloudlessNode, 'lending' | 'fingerprint'>) => string | undefined {
  const t = useTranslations('lending');
  const causeText = useCauseText();
  return ({ lending, fingerprint }) => {
    if (lending?.pausedAt !== undefined) return t('paused');
    const verdict = fingerprint?.lending;
    return verdict?.state === 'withheld' ? verdict.causes.map((cause) => causeText(cause)).join(' ') : undefined;
  };
}
