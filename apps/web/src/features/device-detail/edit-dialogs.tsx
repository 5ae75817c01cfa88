'use client';

import type { CloudlessNode } from '@cloudless/proto';
import { Button, Dialog, Field, FieldInput } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useId, useState, type FormEvent } from 'react';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { LabelsField } from './labels-field.tsx';
import { labelsToText, readLabels } from './labels-text.ts';

export type EditProps = { readonly node: CloudlessNode; readonly onClose: () => void };

function Footer({ form, pending, onClose }: { readonly form: string; readonly pending: boolean; readonly onClose: () => void }) {
  const t = useTranslations('actions');
  return (
    <>
      <Button onClick={onClose}>{t('cancel')}</Button>
      <Button type="submit" form={form} variant="primary" loading={pending}>
        {t('save')}
      </Button>
    </>
  );
}

/** Another name for the device. Rendered while it is open. */
export function RenameDialog({ node, onClose }: EditProps) {
  const t = useTranslations('deviceDetail');
  const actions = useTranslations('actions');
  const form = useId();
  const [name, setName] = useState(node.name);
  const rename = useAction('node.update', { receipt: (updated) => t('renamed', { name: updated.name }), onDone: onClose });
  const input = { nodeId: node.id, name: name.trim() };
  function submit(event: FormEvent): void {
    event.preventDefault();
    void rename.run(input);
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('rename')}
      description={t('renameText')}
      closeLabel={actions('close')}
      footer={
        <>
          <CopyAs name="node.update" what={t('rename')} input={input} />
          <Footer form={form} pending={rename.pending} onClose={onClose} />
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3 pt-1">
        <Field label={t('newName')}>
          <FieldInput value={name} onChange={(event) => setName(event.target.value)} required maxLength={63} autoComplete="off" />
        </Field>
        <FailureCallout failure={rename.failure} />
      </form>
    </Dialog>
  );
}

/** The labels of the device, as text. Rendered while it is open. */
export function LabelsDialog({ node, onClose }: EditProps) {
  const t = useTranslations('deviceDetail');
  const actions = useTranslations('actions');
  const form = useId();
  const [text, setText] = useState(() => labelsToText(node.labels));
  const save = useAction('node.update', { receipt: ({ name }) => t('labelsSaved', { name }), onDone: onClose });
  const read = readLabels(text);
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (read.kind === 'labels') void save.run({ nodeId: node.id, labels: { ...read.labels } });
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('editLabels')}
      closeLabel={actions('close')}
      footer={
        <>
          {read.kind === 'labels' ? (
            <CopyAs name="node.update" what={t('editLabels')} input={{ nodeId: node.id, labels: { ...read.labels } }} />
          ) : null}
          <Footer form={form} pending={save.pending} onClose={onClose} />
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3 pt-1">
        <LabelsField rows={6} spellCheck={false} className="font-mono text-sm" text={text} read={read} onChange={setText} />
        <FailureCallout failure={save.failure} />
      </form>
    </Dialog>
  );
}
