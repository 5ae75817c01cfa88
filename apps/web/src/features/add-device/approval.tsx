'use client';

import type { Join } from '@cloudless/proto';
import { Button } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import type { CallInput } from '@cloudless/sdk';
import { Words } from './words.tsx';

type Terms = Pick<CallInput<'node.approveJoin'>, 'name' | 'labels' | 'lending'>;

type ApprovalProps = {
  readonly join: Join;
  readonly terms?: Terms;
  /** What a person typed cannot be read: the device may still be turned away. */
  readonly blocked?: boolean;
};

/** A device that waits: what it says of itself, the words, and what a person says. */
export function Approval({ join, terms = {}, blocked = false }: ApprovalProps) {
  const t = useTranslations('addDevice');
  const approve = useAction('node.approveJoin');
  const deny = useAction('node.denyJoin');
  const { candidate } = join;
  if (join.state !== 'approval' || candidate === undefined) return null;
  const pending = approve.pending || deny.pending;
  return (
    <section aria-label={t('approval')} className="flex flex-col gap-3 rounded-lg border p-3">
      <p>
        {t('candidate', {
          name: candidate.hostname,
          os: candidate.os,
          arch: candidate.arch,
          address: candidate.remoteAddress ?? t('unknownAddress'),
        })}
      </p>
      {candidate.words === undefined ? null : <Words words={candidate.words} />}
      <div className="flex flex-wrap gap-2">
        <Button
          variant="primary"
          loading={approve.pending}
          disabled={pending || blocked}
          onClick={() => void approve.run({ id: join.id, ...terms })}
        >
          {candidate.words === undefined ? t('approve') : t('approveWords')}
        </Button>
        {candidate.words === undefined ? null : (
          <Button variant="danger" disabled={pending} onClick={() => void deny.run({ id: join.id, wordsDiffer: true })}>
            {t('wordsDiffer')}
          </Button>
        )}
        {/* Words that are the same oblige nobody. */}
        <Button disabled={pending} onClick={() => void deny.run({ id: join.id })}>
          {t('deny')}
        </Button>
      </div>
      <FailureCallout failure={approve.failure ?? deny.failure} />
    </section>
  );
}
