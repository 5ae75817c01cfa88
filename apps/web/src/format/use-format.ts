'use client';

import { useLocale, useTranslations } from 'next-intl';
import { useMemo } from 'react';
import { regionalLocale } from './regional.ts';
import { formatBytes, formatCores, formatCount, formatRate, formatShare } from './quantities.ts';
import { formatAgo, formatDuration, formatHourAndMinute, formatInstant, formatTimeOfDay } from './times.ts';

/** The formatters, bound to the reader's language; dates and clocks to the reader's region. */
export function useFormat() {
  const locale = useLocale();
  const t = useTranslations('units');
  return useMemo(() => {
    const region = regionalLocale(locale, navigator.languages);
    return {
      bytes: (bytes: number) => formatBytes(bytes, locale),
      rate: (bytesPerSecond: number) => formatRate(bytesPerSecond, locale),
      /** With its unit: `1.5 cores`. */
      cores: (millicores: number) => t('cores', { count: formatCores(millicores, locale), number: millicores / 1000 }),
      coresBare: (millicores: number) => formatCores(millicores, locale),
      share: (share: number) => formatShare(share, locale),
      count: (count: number) => formatCount(count, locale),
      ago: (at: number, now: number) => formatAgo(at, now, locale),
      duration: (durationMs: number) => formatDuration(durationMs, locale),
      instant: (at: number) => formatInstant(at, region),
      hourAndMinute: (at: number) => formatHourAndMinute(at, region),
      timeOfDay: (at: number) => formatTimeOfDay(at, region),
    };
  }, [locale, t]);
}
