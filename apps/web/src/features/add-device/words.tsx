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
        className="grid grid-cols-2 gap-x-4 gap-y-2 rounded-md border bg-sunken px-4 py-3 font-mono text-2xl font-semibold sm:grid-cols-4 sm:text-xl"
      >
        {words.map((word, index) => (
          <span key={`${index} ${word}`} className="min-w-0 break-words">
            {word}
          </span>
        ))}
      </p>
    </div>
  );
}
