'use client';

import type { InputIssue } from '@cloudless/proto';
import { useLocale, useTranslations } from 'next-intl';

/** What is wrong with a field, in the reader's language; beside it in English what only the rule itself says. */
export function IssueText({ issue: { rule, limit, message } }: { readonly issue: InputIssue }) {
  const t = useTranslations('failures.rule');
  const isEnglish = useLocale() === 'en';
  const said = rule === undefined ? undefined : t(rule, { limit: limit ?? 0 });
  if (isEnglish) return message;
  if (limit !== undefined && said !== undefined) return said;
  return (
    <>
      {said}{' '}
      <span lang="en" className="text-xs">
        {message}
      </span>
    </>
  );
}
