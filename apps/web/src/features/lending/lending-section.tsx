'use client';

import type { CloudlessNode } from '@cloudless/proto';
import { Button, Callout, Dialog, Section } from '@cloudless/ui';
import { HandCoins, Hand, MoveRight, Pencil } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useMay } from '#web/session/session.tsx';
import { DrainDialog } from '../drain/drain-dialog.tsx';
import { LendingFields } from './lending-fields.tsx';
import { useLendingSentences, useWithheldText } from './use-lending-sentences.ts';

/** What the owner lends, as sentences; one tap takes the machine back. */
export function LendingSection({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('lending');
  const may = useMay();
  const sentences = useLendingSentences()(node.lending);
  const withheld = useWithheldText()(node);
  const [isEditing, setEditing] = useState(false);
  const mayChange = may('node.update');
  const edit = mayChange ? (
    <Button size="sm" icon={<Pencil aria-hidden />} onClick={() => setEditing(true)}>
      {t('edit')}
    </Button>
  ) : null;
  return (
    <Section title={t('title')} headingId="lending" actions={edit}>
      <div className="flex flex-col gap-3" aria-live="polite">
        <ul className="flex flex-col gap-0.5">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {withheld === undefined ? null : (
          <Callout tone="warn" title={t('withheld')}>
            <p>{withheld}</p>
          </Callout>
        )}
        {mayChange ? <LendingActions node={node} /> : null}
      </div>
      {isEditing ? <EditDialog node={node} onClose={() => setEditing(false)} /> : null}
    </Section>
  );
}

function LendingActions({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('lending');
  const isPaused = node.lending?.pausedAt !== undefined;
  const pause = useAction('node.pause', { receipt: ({ name }) => (isPaused ? t('resumed', { name }) : t('takenBack', { name })) });
  const drain = useTranslations('drain');
  const [isDraining, setDraining] = useState(false);
  const input = { nodeId: node.id, paused: !isPaused };
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Button
          variant={isPaused ? 'primary' : 'danger'}
          loading={pause.pending}
          icon={isPaused ? <HandCoins aria-hidden /> : <Hand aria-hidden />}
          onClick={() => void pause.run(input)}
        >
          {isPaused ? t('resume') : t('takeBack')}
        </Button>
        <CopyAs name="node.pause" what={isPaused ? t('resume') : t('takeBack')} input={input} />
        {node.drain ? null : (
          <Button icon={<MoveRight aria-hidden />} onClick={() => setDraining(true)}>
            {drain('drain')}
          </Button>
        )}
      </div>
      {isPaused ? null : <p className="text-xs text-ink-soft">{t('takeBackText')}</p>}
      <FailureCallout failure={pause.failure} />
      {isDraining ? <DrainDialog node={node} onClose={() => setDraining(false)} /> : null}
    </>
  );
}

function EditDialog({ node, onClose }: { readonly node: CloudlessNode; readonly onClose: () => void }) {
  const t = useTranslations('lending');
  const actions = useTranslations('actions');
  const [rule, setRule] = useState(() => {
    const { pausedAt: _pausedAt, ...lending } = node.lending ?? {};
    return lending;
  });
  const save = useAction('node.setLending', { receipt: ({ name }) => t('saved', { name }), onDone: onClose });
  const input = { nodeId: node.id, lending: rule };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('edit')}
      description={t('editText')}
      closeLabel={actions('close')}
      footer={
        <>
          <CopyAs name="node.setLending" what={t('edit')} input={input} />
          <Button onClick={onClose}>{actions('cancel')}</Button>
          <Button variant="primary" loading={save.pending} onClick={() => void save.run(input)}>
            {actions('save')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 pt-1">
        <LendingFields rule={rule} onChange={setRule} />
        <FailureCallout failure={save.failure} />
      </div>
    </Dialog>
  );
}
