'use client';

import { findSentence, type CloudlessError } from '@cloudless/proto';
import { useLocale, useTranslations } from 'next-intl';
import { useCallback } from 'react';

/** What a failure says beyond its title, in the reader's language; `undefined` when it has English words alone and the reader has not. */
export function useFailureText(): (failure: CloudlessError) => string | undefined {
  const t = useTranslations('failures');
  const isEnglish = useLocale() === 'en';
  return useCallback(
    (failure) => {
      const sentence = findSentence(failure);
      if (sentence !== undefined) return t(sentence, failure.params);
      return isEnglish ? failure.message : undefined;
    },
    [t, isEnglish],
  );
}
