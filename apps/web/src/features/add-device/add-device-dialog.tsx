'use client';

import type { Join, JoinOffer, LendingRule } from '@cloudless/proto';
import { Button, Dialog, Field, FieldInput, Switch } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useId, useState, type FormEvent } from 'react';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useJoins, useNode } from '#web/live/use-entities.ts';
import { useNow } from '#web/live/use-now.ts';
import { LabelsField } from '../device-detail/labels-field.tsx';
import { readLabels } from '../device-detail/labels-text.ts';
import { DeviceCard } from '../devices/device-card.tsx';
import { LendingFields } from '../lending/lending-fields.tsx';
import { Approval } from './approval.tsx';
import { JoinProgress } from './join-progress.tsx';
import { formatLeft, overOf } from './join-steps.ts';
import { OfferWays, ReachNote } from './offer-ways.tsx';
import { WithdrawButton } from './withdraw-button.tsx';

/** From what is bound to a device to the device itself. Rendered while it is open. */
export function AddDeviceDialog({ onClose }: { readonly onClose: () => void }) {
  const [offer, setOffer] = useState<JoinOffer>();
  const joins = useJoins();
  const join = offer && (joins.find(({ id }) => id === offer.join.id) ?? offer.join);
  if (offer === undefined || join === undefined) return <TermsStep onOffer={setOffer} onClose={onClose} />;
  return <OfferStep offer={offer} join={join} onAgain={() => setOffer(undefined)} onClose={onClose} />;
}

function TermsStep({ onOffer, onClose }: { readonly onOffer: (offer: JoinOffer) => void; readonly onClose: () => void }) {
  const t = useTranslations('addDevice');
  const actions = useTranslations('actions');
  const form = useId();
  const [name, setName] = useState('');
  const [labels, setLabels] = useState('');
  const [approval, setApproval] = useState(false);
  const [lending, setLending] = useState<LendingRule>({});
  const create = useAction('node.createJoinToken', { onDone: onOffer });
  const read = readLabels(labels);
  const input = {
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    labels: read.kind === 'labels' ? { ...read.labels } : {},
    lending,
    approval,
  };
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (read.kind === 'labels') void create.run(input);
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('title')}
      description={t('termsText')}
      closeLabel={actions('close')}
      className="sm:max-w-xl"
      footer={
        <>
          <CopyAs name="node.createJoinToken" what={t('title')} input={input} />
          <Button onClick={onClose}>{actions('cancel')}</Button>
          <Button type="submit" form={form} variant="primary" loading={create.pending}>
            {t('next')}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-4 pt-1">
        <Field label={t('name')} hint={t('nameHint')}>
          <FieldInput value={name} onChange={(event) => setName(event.target.value)} maxLength={63} autoComplete="off" />
        </Field>
        <Switch label={t('approvalMode')} hint={t('approvalModeHint')} checked={approval} onCheckedChange={setApproval} />
        <details className="rounded-lg border px-3 py-2">
          <summary className="cursor-pointer font-medium">{t('lendingTitle')}</summary>
          <div className="flex flex-col gap-4 pt-3">
            <LendingFields rule={lending} onChange={setLending} />
            <LabelsField rows={2} text={labels} read={read} onChange={setLabels} />
          </div>
        </details>
        <FailureCallout failure={create.failure} />
      </form>
    </Dialog>
  );
}

function OfferStep({
  offer,
  join,
  onAgain,
  onClose,
}: {
  readonly offer: JoinOffer;
  readonly join: Join;
  readonly onAgain: () => void;
  readonly onClose: () => void;
}) {
  const t = useTranslations('addDevice');
  const actions = useTranslations('actions');
  const node = useNode(join.nodeId ?? '');
  const over = overOf(join, useNow());
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={node ? t('joinedTitle', { name: node.name }) : t('title')}
      {...(node || over ? {} : { description: <Countdown expiresAt={join.expiresAt} /> })}
      closeLabel={actions('close')}
      className="sm:max-w-2xl"
      footer={
        <>
          {node || over ? <Button onClick={onAgain}>{over ? t('newOffer') : t('another')}</Button> : null}
          {join.state === 'waiting' && !over ? <WithdrawButton join={join} onDone={onClose} /> : null}
          <Button variant={node ? 'primary' : 'secondary'} onClick={onClose}>
            {node ? t('done') : actions('close')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {node ? (
          <DeviceCard node={node} />
        ) : over ? (
          <p role="status">{t(`over.${over}`)}</p>
        ) : (
          <>
            <Approval join={join} />
            {join.state === 'approval' ? null : <OfferWays offer={offer} />}
            <ReachNote reach={offer.reach} />
          </>
        )}
        <JoinProgress join={join} />
      </div>
    </Dialog>
  );
}

/** Counts silently: a number that changes each second is not for reading aloud. */
function Countdown({ expiresAt }: { readonly expiresAt: number }) {
  const t = useTranslations('addDevice');
  const now = useNow();
  return (
    <>
      {t('offerText')} <span className="tabular-nums">{t('left', { time: formatLeft(expiresAt, now) })}</span>
    </>
  );
}
