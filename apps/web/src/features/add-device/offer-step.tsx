'use client';

import type { Join, JoinOffer } from '@cloudless/proto';
import { Button, Callout, Dialog, toast } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useNode } from '#web/live/use-entities.ts';
import { useNow } from '#web/live/use-now.ts';
import { DeviceCard } from '../devices/device-card.tsx';
import { Approval } from './approval.tsx';
import { formatLeft, minutesToSay } from './countdown.ts';
import { JoinProgress } from './join-progress.tsx';
import { overOf } from './join-steps.ts';
import { OfferWays } from './offer-ways.tsx';
import { ReachNote } from './reach-note.tsx';
import { WithdrawButton } from './withdraw-button.tsx';

type OfferStepProps = { readonly offer: JoinOffer; readonly join: Join; readonly onAgain: () => void; readonly onClose: () => void };

/** The ways in and how far the device has come, until it is its card. */
export function OfferStep({ offer, join, onAgain, onClose }: OfferStepProps) {
  const t = useTranslations('addDevice');
  const actions = useTranslations('actions');
  const node = useNode(join.nodeId ?? '');
  const now = useNow();
  const over = overOf(join, now);
  const isOpen = node === undefined && over === undefined && join.state !== 'joined';
  // The offer stands: its command may be on its way to another machine.
  function close(): void {
    if (isOpen) toast({ title: t('stands'), text: t('standsText', { time: formatLeft(join.expiresAt, now) }) });
    onClose();
  }
  return (
    <Dialog
      open
      onOpenChange={close}
      title={node ? t('joinedTitle', { name: node.name }) : t('title')}
      {...(isOpen ? { description: <Countdown expiresAt={join.expiresAt} now={now} /> } : {})}
      closeLabel={actions('close')}
      className="sm:max-w-2xl"
      footer={
        <>
          {isOpen && join.state === 'waiting' ? <WithdrawButton join={join} onDone={onClose} /> : null}
          {node ? <Button onClick={onAgain}>{t('another')}</Button> : null}
          {over ? (
            <Button variant="primary" onClick={onAgain}>
              {t('newOffer')}
            </Button>
          ) : null}
          <Button variant={node ? 'primary' : 'secondary'} onClick={close}>
            {node ? t('done') : actions('close')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {node ? <DeviceCard node={node} /> : null}
        {over ? <Callout tone="warn" announce title={t(`over.${over}`)} /> : null}
        {isOpen ? <Approval join={join} /> : null}
        {isOpen && join.state === 'waiting' ? (
          <>
            <OfferWays offer={offer} />
            <ReachNote reach={offer.reach} />
          </>
        ) : null}
        <JoinProgress join={join} />
      </div>
    </Dialog>
  );
}

/** Counts silently, and says the time aloud now and then: a number that changes each second is not for reading aloud. */
function Countdown({ expiresAt, now }: { readonly expiresAt: number; readonly now: number }) {
  const t = useTranslations('addDevice');
  const minutes = minutesToSay(expiresAt, now);
  return (
    <>
      {t('offerText')}{' '}
      <span aria-hidden className="tabular-nums">
        {t('left', { time: formatLeft(expiresAt, now) })}
      </span>
      <span role="status" className="sr-only">
        {minutes === undefined ? '' : t('leftAloud', { minutes })}
      </span>
    </>
  );
}
