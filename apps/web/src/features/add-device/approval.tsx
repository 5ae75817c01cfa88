'use client';

import type { Join } from '@cloudless/proto';
import type { CallInput } from '@cloudless/sdk';
import { Button } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { Words } from './words.tsx';

type Bound = Pick<CallInput<'node.approveJoin'>, 'name' | 'labels' | 'lending'>;

/** A device that waits: what it says of itself, the words, and what a person says. Nothing while none waits. */
export function Approval({ join, terms = {} }: { readonly join: Join; readonly terms?: Bound }) {
  const t = useTranslations('addDevice');
  const approve = useAction('node.approveJoin');
  const deny = useAction('node.denyJoin');
  const { candidate } = join;
  if (join.state !== 'approval' || candidate === undefined) return null;
  const isPending = approve.pending || deny.pending;
  const input = { id: join.id, ...terms };
  return (
    <section aria-label={t('approval')} className="flex flex-col gap-3 rounded-lg border p-3">
      <div role="status">
        <p className="text-lg font-semibold">{t('candidate', { name: candidate.hostname })}</p>
        <p className="text-ink-soft">
          {candidate.os} · {candidate.arch} · {candidate.remoteAddress ?? t('unknownAddress')}
        </p>
      </div>
      {candidate.words === undefined ? <p>{t('pinnedText')}</p> : <Words words={candidate.words} />}
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" loading={approve.pending} disabled={isPending} onClick={() => void approve.run(input)}>
          {candidate.words === undefined ? t('approve') : t('approveWords')}
        </Button>
        {candidate.words === undefined ? null : (
          <Button variant="danger" disabled={isPending} onClick={() => void deny.run({ id: join.id, wordsDiffer: true })}>
            {t('wordsDiffer')}
          </Button>
        )}
        <Button disabled={isPending} onClick={() => void deny.run({ id: join.id })}>
          {t('deny')}
        </Button>
        <CopyAs name="node.approveJoin" input={input} />
      </div>
      <FailureCallout failure={approve.failure ?? deny.failure} />
    </section>
  );
}
