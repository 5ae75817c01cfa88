'use client';

import type { CloudlessNode } from '@cloudless/proto';
import { Button, Dialog, Field, FieldSelect } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useId, useState, type FormEvent } from 'react';
import { useFormat } from '#web/format/use-format.ts';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useAllocations } from '#web/live/use-entities.ts';
import { isHeld } from './still-here.ts';

const MINUTE_MS = 60_000;
const DEADLINES_MS = [5, 30, 120, 720, 1440].map((minutes) => minutes * MINUTE_MS);
/** The API counts a deadline from now and takes none back, so that this choice is there only before the first. */
const NO_DEADLINE = '';

/** Empties the device, within a time if a person says so; of one that is being emptied, another time. Rendered while it is open. */
export function DrainDialog({ node, onClose }: { readonly node: CloudlessNode; readonly onClose: () => void }) {
  const t = useTranslations('drain');
  const actions = useTranslations('actions');
  const form = useId();
  const format = useFormat();
  const has = node.drain?.deadlineAt !== undefined;
  const [chosen, setChosen] = useState(has ? String(DEADLINES_MS[1]) : NO_DEADLINE);
  const held = useAllocations({ nodeId: node.id }).filter(isHeld);
  const isNew = node.drain === undefined;
  const drain = useAction('node.drain', { receipt: ({ name }) => t(isNew ? 'begun' : 'deadlineSet', { name }), onDone: onClose });
  const input = { nodeId: node.id, draining: true, ...(chosen === NO_DEADLINE ? {} : { deadlineMs: Number(chosen) }) };
  function submit(event: FormEvent): void {
    event.preventDefault();
    void drain.run(input);
  }
  const options = [
    ...(has ? [] : [{ value: NO_DEADLINE, label: t('noDeadline') }]),
    ...DEADLINES_MS.map((ms) => ({ value: String(ms), label: format.duration(ms) })),
  ];
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t(isNew ? 'title' : 'deadlineTitle', { name: node.name })}
      description={t('text')}
      closeLabel={actions('close')}
      footer={
        <>
          <CopyAs name="node.drain" what={isNew ? t('drain') : t('setDeadline')} input={input} />
          <Button onClick={onClose}>{actions('cancel')}</Button>
          <Button type="submit" form={form} variant="primary" loading={drain.pending}>
            {isNew ? t('drain') : t('setDeadline')}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3 pt-1">
        <Field label={t('deadline')} hint={t(chosen === NO_DEADLINE ? 'noDeadlineHint' : 'deadlineHint')}>
          <FieldSelect options={options} value={chosen} onChange={(event) => setChosen(event.target.value)} />
        </Field>
        <p>{t('moves', { count: held.length })}</p>
        <FailureCallout failure={drain.failure} />
      </form>
    </Dialog>
  );
}
