'use client';

import type { Join } from '@cloudless/proto';
import { Callout, StateShape } from '@cloudless/ui';
import { useLocale, useTranslations } from 'next-intl';
import Link from 'next/link';
import { Age } from '#web/format/age.tsx';
import { failureOf, stepsOf } from './join-steps.ts';

/** How far the device has come, and the hop that failed. */
export function JoinProgress({ join }: { readonly join: Join }) {
  const t = useTranslations('addDevice');
  const failure = failureOf(join);
  return (
    <div className="flex flex-col gap-3">
      <ol aria-label={t('progress')} aria-live="polite" className="flex flex-col gap-1">
        {stepsOf(join).map(({ step, taken }) => (
          <li key={step} className="flex items-center gap-2">
            <StateShape tone={taken ? 'good' : 'idle'} className="size-3" />
            <span className={taken ? '' : 'text-ink-soft'}>{t(`step.${step}`)}</span>
            {taken ? (
              // Its age ticks: in a live region, each tick would be read aloud.
              <span aria-hidden className="text-xs text-ink-soft">
                {taken.remoteAddress} <Age at={taken.at} />
              </span>
            ) : null}
          </li>
        ))}
      </ol>
      {failure === undefined ? null : (
        <Callout tone="bad" announce title={t('failedAt', { hop: t(`hop.${failure.hop}`) })}>
          <p>
            <FailureText failure={failure} />{' '}
            {failure.remoteAddress === undefined ? null : <span className="text-ink-soft">({failure.remoteAddress})</span>}
          </p>
          {failure.hop === 'tls' ? (
            <Link href="/docs/errors/tls_intercepted" target="_blank" className="self-start underline">
              {t('intercepted')}
            </Link>
          ) : null}
        </Callout>
      )}
    </div>
  );
}

/** Why it was refused; of what the device itself told, in English, what its hop means stands before in the reader's language. */
function FailureText({ failure: { code, hop, message } }: { readonly failure: Join['failures'][number] }) {
  const t = useTranslations('addDevice');
  const isEnglish = useLocale() === 'en';
  if (code !== undefined) return t(`refusal.${code}`);
  if (isEnglish) return message;
  return (
    <>
      {t(`hopText.${hop}`)}{' '}
      <span lang="en" className="text-xs text-ink-soft">
        {message}
      </span>
    </>
  );
}
