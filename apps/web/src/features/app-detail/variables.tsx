'use client';

import type { Workload } from '@cloudless/proto';
import {
  Button,
  Callout,
  EmptyState,
  Field,
  FieldTextarea,
  IconButton,
  Table,
  TableBody,
  TableCell,
  TableHead,
  TableHeader,
  TableRow,
} from '@cloudless/ui';
import { Eye, EyeOff, Pencil } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useMay } from '#web/session/session.tsx';
import { isSensitive, readEnv, writeEnv } from './env-text.ts';

const MASK = '••••••••';

/** Variables of an app: secrets masked, changed as a `.env` text. */
export function Variables({ workload }: { readonly workload: Workload }) {
  const t = useTranslations('appDetail');
  const may = useMay();
  const [editing, setEditing] = useState(false);
  const names = Object.keys(workload.spec.env);
  if (editing) return <Editor workload={workload} onClose={() => setEditing(false)} />;
  const edit = may('workload.update') ? (
    <Button icon={<Pencil aria-hidden />} onClick={() => setEditing(true)}>
      {t('editVariables')}
    </Button>
  ) : undefined;
  if (names.length === 0) return <EmptyState title={t('noVariablesTitle')} text={t('noVariablesText')} action={edit} />;
  return (
    <div className="flex flex-col gap-3">
      <div className="self-end">{edit}</div>
      <Table label={t('variables')}>
        <TableHead>
          <tr>
            <TableHeader>{t('variableName')}</TableHeader>
            <TableHeader>{t('variableValue')}</TableHeader>
          </tr>
        </TableHead>
        <TableBody>
          {Object.entries(workload.spec.env).map(([name, value]) => (
            <VariableRow key={name} name={name} value={value} />
          ))}
        </TableBody>
      </Table>
    </div>
  );
}

function VariableRow({ name, value }: { readonly name: string; readonly value: string }) {
  const t = useTranslations('appDetail');
  const [shown, setShown] = useState(!isSensitive(name));
  return (
    <TableRow>
      <TableCell className="font-mono text-xs">{name}</TableCell>
      <TableCell>
        <span className="flex items-center gap-2">
          <span className="font-mono text-xs break-all">{shown ? value : MASK}</span>
          {isSensitive(name) ? (
            <IconButton
              label={shown ? t('hideValue', { name }) : t('showValue', { name })}
              icon={shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
              onClick={() => setShown(!shown)}
            />
          ) : null}
        </span>
      </TableCell>
    </TableRow>
  );
}

function Editor({ workload, onClose }: { readonly workload: Workload; readonly onClose: () => void }) {
  const t = useTranslations('appDetail');
  const actions = useTranslations('actions');
  // What was read when the editing began is what the change is guarded by.
  const [base] = useState(workload);
  const [text, setText] = useState(() => writeEnv(workload.spec.env));
  const save = useAction('workload.update', { receipt: ({ name }) => t('variablesSaved', { name }), onDone: onClose });
  const field = useRef<HTMLTextAreaElement>(null);
  // The button that led here is gone.
  useEffect(() => field.current?.focus(), []);
  const read = readEnv(text);
  const input = {
    workloadId: base.id,
    ifGeneration: base.generation,
    spec: { ...base.spec, env: read.kind === 'variables' ? { ...read.variables } : {} },
  };
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (read.kind === 'variables') void save.run(input);
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      {workload.generation === base.generation ? null : <Callout tone="warn" title={t('changedMeanwhile')} />}
      <Field
        label={t('variables')}
        hint={t('variablesHint')}
        {...(read.kind === 'wrong' ? { error: t('variablesWrong', { line: read.line, text: read.text }) } : {})}
      >
        <FieldTextarea
          ref={field}
          value={text}
          onChange={(event) => setText(event.target.value)}
          rows={12}
          spellCheck={false}
          className="font-mono text-sm"
        />
      </Field>
      <FailureCallout failure={save.failure} />
      <div className="flex flex-wrap justify-end gap-2">
        {read.kind === 'variables' ? <CopyAs name="workload.update" what={t('saveAndReplace')} input={input} /> : null}
        <Button onClick={onClose}>{actions('cancel')}</Button>
        <Button type="submit" variant="primary" loading={save.pending} disabled={read.kind === 'wrong'}>
          {t('saveAndReplace')}
        </Button>
      </div>
    </form>
  );
}
