'use client';

import type { CopyLabels } from '@cloudless/ui';
import { useTranslations } from 'next-intl';

/** What copy buttons say, in the reader's language. */
export function useCopyLabels(label?: string): CopyLabels {
  const t = useTranslations('actions');
  return { label: label ?? t('copy'), doneLabel: t('copied'), failedLabel: t('notCopied') };
}
