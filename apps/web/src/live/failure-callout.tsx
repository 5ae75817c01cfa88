'use client';

import type { CloudlessError } from '@cloudless/proto';
import { Button, Callout, CopyButton } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useCopyLabels } from '#web/live/use-copy-labels.ts';
import { IssueText } from './issue-text.tsx';
import { useFailureText } from './use-failure-text.ts';
import { WithCode } from './with-code.tsx';

/** What was tried, what came back, what to do, and an id to quote. */
export function FailureCallout({
  failure,
  onRetry,
  className,
}: {
  readonly failure: CloudlessError | undefined;
  readonly onRetry?: () => void;
  readonly className?: string;
}) {
  const t = useTranslations('errors');
  const sayFailure = useFailureText();
  const copyLabels = useCopyLabels(t('copyId'));
  if (failure === undefined) return null;
  const said = sayFailure(failure);
  const id = failure.params['errorId'];
  const quote = [failure.code, ...(id === undefined ? [] : [String(id)])].join(' · ');
  return (
    <Callout
      tone="bad"
      announce
      title={t(`${failure.code}.title`)}
      {...(className === undefined ? {} : { className })}
      {...(onRetry === undefined ? {} : { actions: <Button onClick={onRetry}>{t('retry')}</Button> })}
    >
      {failure.issues.length === 0 ? (
        said === undefined ? null : (
          <p>{said}</p>
        )
      ) : (
        <ul className="list-disc pl-4">
          {failure.issues.map((issue) => (
            <li key={`${issue.path} ${issue.message}`}>
              <code translate="no" className="font-mono text-xs">
                {issue.path}
              </code>{' '}
              <IssueText issue={issue} />
            </li>
          ))}
        </ul>
      )}
      <p>
        <WithCode text={t(`${failure.code}.remedy`)} />
      </p>
      {said === undefined && failure.issues.length === 0 ? (
        <p lang="en" className="text-xs text-ink-soft">
          {failure.message}
        </p>
      ) : null}
      <p className="flex items-center gap-1 font-mono text-xs text-ink-soft">
        {quote}
        <CopyButton text={`${quote}\n${failure.message}`} {...copyLabels} />
      </p>
    </Callout>
  );
}
