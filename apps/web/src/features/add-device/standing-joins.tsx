'use client';

import type { Join } from '@cloudless/proto';
import { Card, Section, StateShape } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useJoins } from '#web/live/use-entities.ts';
import { useNow } from '#web/live/use-now.ts';
import { Approval } from './approval.tsx';
import { formatLeft } from './countdown.ts';
import { overOf } from './join-steps.ts';
import { WithdrawButton } from './withdraw-button.tsx';

/** Offers that stand and devices that wait, for who closed the dialog. Absent when there are none. */
export function StandingJoins() {
  const t = useTranslations('addDevice');
  const now = useNow();
  const standing = useJoins().filter((join) => join.state !== 'joined' && overOf(join, now) === undefined);
  if (standing.length === 0) return null;
  return (
    <Section title={t('standing')} headingId="joins">
      <Card>
        <ul>
          {standing.map((join) => (
            <li key={join.id} className="flex flex-col gap-2 border-b px-3 py-2 last:border-b-0">
              {join.state === 'approval' ? <Approval join={join} /> : <Offer join={join} now={now} />}
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  );
}

function Offer({ join, now }: { readonly join: Join; readonly now: number }) {
  const t = useTranslations('addDevice');
  return (
    <div className="flex flex-wrap items-center justify-between gap-2">
      <p className="flex min-w-0 items-baseline gap-2">
        <StateShape tone={join.steps.length === 0 ? 'idle' : 'busy'} />
        <span className="min-w-0 break-words">
          {join.name === undefined ? t('standingOffer') : t('standingOfferFor', { name: join.name })}
        </span>
        <span className="shrink-0 text-ink-soft tabular-nums">{t('left', { time: formatLeft(join.expiresAt, now) })}</span>
      </p>
      {join.origin === 'offer' ? <WithdrawButton join={join} size="sm" /> : null}
    </div>
  );
}
