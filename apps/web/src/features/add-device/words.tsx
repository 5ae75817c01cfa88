'use client';

import { useTranslations } from 'next-intl';

/** What a person compares with the device's own screen. */
export function Words({ words }: { readonly words: readonly string[] }) {
  const t = useTranslations('addDevice');
  return (
    <div className="flex flex-col gap-2">
      <p>{t('wordsText')}</p>
      <p
        aria-label={t('words')}
        role="group"
        translate="no"
        lang="en"
        className="flex flex-wrap gap-x-4 gap-y-1 rounded-md border bg-sunken px-3 py-2 font-mono text-lg font-semibold"
      >
        {words.map((word, index) => (
          <span key={`${index} ${word}`}>{word}</span>
        ))}
      </p>
    </div>
  );
}
