'use client';

import { Select } from '@cloudless/ui';
import { useLocale, useTranslations } from 'next-intl';
import { useRouter } from 'next/navigation';
import { LOCALE_COOKIE, LOCALE_NAMES, LOCALES } from '#web/i18n/locales.ts';

const YEAR_S = 31_536_000;

/** Sets the language for this browser and shows the page in it. */
export function useSetLocale(): (locale: string) => void {
  const router = useRouter();
  return (locale) => {
    document.cookie = `${LOCALE_COOKIE}=${locale}; path=/; max-age=${YEAR_S}; samesite=lax`;
    router.refresh();
  };
}

export const LOCALE_OPTIONS = LOCALES.map((value) => ({ value, label: LOCALE_NAMES[value] }));

export function LanguageSwitch() {
  const t = useTranslations('shell');
  const setLocale = useSetLocale();
  return (
    <Select
      aria-label={t('language')}
      value={useLocale()}
      onChange={(event) => setLocale(event.target.value)}
      options={LOCALE_OPTIONS}
      className="text-ink"
    />
  );
}
