'use client';

import type { JoinOffer } from '@cloudless/proto';
import { Button, Dialog, Switch } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useId, useState, type FormEvent } from 'react';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { TermsFields } from './terms-fields.tsx';
import { NO_TERMS, readTerms } from './terms.ts';

/** What is bound to the device before anything is shown that lets one in. */
export function TermsStep({ onOffer, onClose }: { readonly onOffer: (offer: JoinOffer) => void; readonly onClose: () => void }) {
  const t = useTranslations('addDevice');
  const actions = useTranslations('actions');
  const form = useId();
  const [terms, setTerms] = useState(NO_TERMS);
  const [approval, setApproval] = useState(false);
  const create = useAction('node.createJoinToken', { onDone: onOffer });
  const read = readTerms(terms);
  const input = read.kind === 'terms' ? { ...read.terms, approval } : undefined;
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (input) void create.run(input);
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
          {input === undefined ? null : <CopyAs name="node.createJoinToken" input={input} />}
          <Button onClick={onClose}>{actions('cancel')}</Button>
          <Button type="submit" form={form} variant="primary" loading={create.pending}>
            {t('next')}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-4 pt-1">
        <TermsFields terms={terms} onChange={setTerms} />
        <Switch label={t('approvalMode')} hint={t('approvalModeHint')} checked={approval} onCheckedChange={setApproval} />
        <FailureCallout failure={create.failure} />
      </form>
    </Dialog>
  );
}
