'use client';

import type { Join } from '@cloudless/proto';
import { Callout, StateShape, type Tone } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { Age } from '#web/format/age.tsx';
import { failureOf, stepsOf, type StepRow } from './join-steps.ts';

const toneOf = ({ taken, isNext }: StepRow): Tone => (taken ? 'good' : isNext ? 'busy' : 'idle');

/** How far the device has come, and the hop that failed. */
export function JoinProgress({ join }: { readonly join: Join }) {
  const t = useTranslations('addDevice');
  const failure = failureOf(join);
  return (
    <div className="flex flex-col gap-3">
      {failure === undefined ? null : (
        <Callout tone="bad" announce title={t('failedAt', { hop: t(`hop.${failure.hop}`) })}>
          <p lang="en">{failure.message}</p>
          <p className="text-xs text-ink-soft">
            {failure.remoteAddress === undefined ? null : `${t('from', { address: failure.remoteAddress })} · `}
            <Age at={failure.at} />
          </p>
        </Callout>
      )}
      <ol aria-label={t('progress')} aria-live="polite" aria-relevant="additions text" className="flex flex-col gap-1">
        {stepsOf(join).map((row) => (
          <Step key={row.step} row={row} />
        ))}
      </ol>
    </div>
  );
}

function Step({ row }: { readonly row: StepRow }) {
  const t = useTranslations('addDevice');
  const { step, taken, isNext } = row;
  return (
    <li aria-current={isNext ? 'step' : undefined} className="flex flex-wrap items-baseline gap-x-2">
      <StateShape tone={toneOf(row)} className={isNext ? 'animate-spin [animation-duration:2.4s]' : ''} />
      <span className={taken ? '' : 'text-ink-soft'}>{t(`step.${step}`)}</span>
      {taken ? (
        <>
          <span className="sr-only">{t('taken')}</span>
          {/* Its age ticks: that is not for reading aloud. */}
          <span aria-hidden className="text-xs text-ink-soft">
            {taken.remoteAddress === undefined ? null : `${t('from', { address: taken.remoteAddress })} · `}
            <Age at={taken.at} />
          </span>
        </>
      ) : null}
    </li>
  );
}
