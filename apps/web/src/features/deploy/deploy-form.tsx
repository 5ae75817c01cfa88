'use client';

import { DEFAULT_REQUESTS, workloadSpecSchema, type Workload } from '@cloudless/proto';
import { Button, Callout, Field, FieldInput, FieldSelect, FieldTextarea, cn } from '@cloudless/ui';
import { Rocket } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { useFormat } from '#web/format/use-format.ts';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { IssueText } from '#web/live/issue-text.tsx';
import { useAction } from '#web/live/use-action.ts';
import { PlanView } from './plan-view.tsx';
import { EMPTY_FORM, readForm, suggestName, writeForm, type FieldName, type FormText, type Wrong } from './spec-text.ts';

type Fields = {
  readonly text: FormText;
  set(name: FieldName, value: string): void;
  errorOf(name: FieldName): { readonly error?: ReactNode };
};

/** What has the focus is scrolled clear of the plan, which covers the foot of a phone. */
const ABOVE_PLAN = 'max-lg:[&_:is(input,select,textarea,summary,button)]:scroll-mb-[calc(35dvh+6rem)]';

/** To the first field that is wrong: it may be far above the button, or in a part that is closed. */
function leadToWrong(form: HTMLFormElement | null): void {
  const field = form?.querySelector<HTMLElement>('[aria-invalid="true"]');
  const closed = field?.closest('details');
  if (closed) closed.open = true;
  field?.focus();
}

/** A new app from an image, or the change of one that exists; what it would lead to stands beside it as one types. */
export function DeployForm({ workload }: { readonly workload?: Workload }) {
  const t = useTranslations('deploy');
  const router = useRouter();
  // What was read when the editing began is what the change is guarded by.
  const [base] = useState(workload);
  const [text, setText] = useState<FormText>(() => (workload ? writeForm(workload) : EMPTY_FORM));
  const [touched, setTouched] = useState<ReadonlySet<FieldName>>(new Set());
  const [refusals, setRefusals] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  const create = useAction('workload.create', {
    receipt: ({ name }) => t('deployed', { name }),
    onDone: ({ id }) => router.push(`/apps/${id}`),
  });
  const update = useAction('workload.update', { receipt: ({ name }) => t('saved', { name }) });
  const read = readForm(text, base);
  const isSame =
    base !== undefined &&
    read.input !== undefined &&
    JSON.stringify(workloadSpecSchema.parse(read.input.spec)) === JSON.stringify(base.spec);

  const planned = isSame ? undefined : read.input;
  const fields: Fields = {
    text,
    set(name, value) {
      setTouched(new Set([...touched, name]));
      const follows = name === 'image' && !touched.has('name') && base === undefined;
      setText({ ...text, [name]: value, ...(follows ? { name: suggestName(value) } : {}) });
    },
    errorOf(name) {
      const wrong = read.wrong[name];
      return wrong !== undefined && (refusals > 0 || touched.has(name)) ? { error: <WrongText wrong={wrong} /> } : {};
    },
  };
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!read.input) return setRefusals(refusals + 1);
    if (base) void update.run({ workloadId: base.id, ifGeneration: base.generation, spec: read.input.spec });
    else void create.run(read.input);
  }
  useEffect(() => {
    if (refusals > 0) leadToWrong(form.current);
  }, [refusals]);
  return (
    <form ref={form} onSubmit={submit} noValidate className="grid items-start gap-8 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className={cn('flex min-w-0 flex-col gap-4', ABOVE_PLAN)}>
        <Basics {...fields} isNew={base === undefined} />
        <Resources {...fields} />
        <Details {...fields} />
        {workload && base && workload.generation !== base.generation ? <Callout tone="warn" title={t('changedMeanwhile')} /> : null}
        <FailureCallout failure={create.failure ?? update.failure} />
        <div className="flex items-center gap-2">
          <Button
            type="submit"
            variant="primary"
            icon={<Rocket aria-hidden />}
            loading={create.pending || update.pending}
            disabled={isSame}
          >
            {base ? t('save') : t('deploy')}
          </Button>
          {read.input === undefined ? null : base ? (
            <CopyAs
              name="workload.update"
              what={t('save')}
              input={{ workloadId: base.id, ifGeneration: base.generation, spec: read.input.spec }}
            />
          ) : (
            <CopyAs name="workload.create" what={t('deploy')} input={read.input} />
          )}
        </div>
      </div>
      {/* On a phone it stays in sight once it says something: an empty one would only cover fields. */}
      <div className={cn('min-w-0 lg:sticky lg:top-4', planned && 'max-lg:sticky max-lg:bottom-16')}>
        <PlanView input={planned} {...(base ? { workloadId: base.id } : {})} empty={isSame ? t('planSame') : t('planEmpty')} />
      </div>
    </form>
  );
}

function WrongText({ wrong }: { readonly wrong: Wrong }) {
  const t = useTranslations('deploy.wrong');
  switch (wrong.kind) {
    case 'rule':
      return t(wrong.rule);
    case 'env':
      return t('env', { line: wrong.line });
    case 'said':
      return <IssueText issue={wrong.issue} />;
  }
}

function Basics({ text, set, errorOf, isNew }: Fields & { readonly isNew: boolean }) {
  const t = useTranslations('deploy');
  return (
    <>
      <Field label={t('image')} hint={t('imageHint')} {...errorOf('image')}>
        <FieldInput value={text.image} onChange={(event) => set('image', event.target.value)} autoComplete="off" spellCheck={false} />
      </Field>
      {isNew ? (
        <Field label={t('name')} hint={t('nameHint')} {...errorOf('name')}>
          <FieldInput
            value={text.name}
            onChange={(event) => set('name', event.target.value)}
            autoComplete="off"
            spellCheck={false}
            maxLength={63}
          />
        </Field>
      ) : null}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('ports')} hint={t('portsHint')} {...errorOf('ports')}>
          <FieldInput value={text.ports} onChange={(event) => set('ports', event.target.value)} autoComplete="off" />
        </Field>
        <Field label={t('replicas')} {...errorOf('replicas')}>
          <FieldInput
            value={text.replicas}
            onChange={(event) => set('replicas', event.target.value)}
            inputMode="numeric"
            autoComplete="off"
          />
        </Field>
      </div>
    </>
  );
}

function Resources({ text, set, errorOf }: Fields) {
  const t = useTranslations('deploy');
  const format = useFormat();
  const input = (name: FieldName, label: string, placeholder: string) => (
    <Field label={label} {...errorOf(name)}>
      <FieldInput
        value={text[name]}
        placeholder={placeholder}
        onChange={(event) => set(name, event.target.value)}
        inputMode="decimal"
        autoComplete="off"
      />
    </Field>
  );
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-2 font-semibold">{t('resources')}</legend>
      <div className="grid gap-4 sm:grid-cols-3">
        {input('cores', t('cores'), format.coresBare(DEFAULT_REQUESTS.cpuMillicores))}
        {input('memoryMib', t('memory'), '128')}
        {input('diskMib', t('disk'), '256')}
        {input('maxCores', t('maxCores'), '1')}
        {input('maxMemoryMib', t('maxMemory'), '512')}
        {input('maxDiskMib', t('maxDisk'), '10240')}
      </div>
    </fieldset>
  );
}

function Details({ text, set, errorOf }: Fields) {
  const t = useTranslations('deploy');
  const area = (name: FieldName, label: string, hint: string) => (
    <Field label={label} hint={hint} {...errorOf(name)}>
      <FieldTextarea
        value={text[name]}
        onChange={(event) => set(name, event.target.value)}
        rows={3}
        spellCheck={false}
        className="font-mono text-sm"
      />
    </Field>
  );
  return (
    <details className="rounded-lg border p-3">
      <summary className="cursor-pointer font-medium">{t('more')}</summary>
      <div className="flex flex-col gap-4 pt-3">
        {area('env', t('env'), t('envHint'))}
        {area('command', t('command'), t('lineHint'))}
        {area('args', t('args'), t('lineHint'))}
        <Field label={t('restart')}>
          <FieldSelect
            value={text.restart}
            onChange={(event) => set('restart', event.target.value)}
            options={(['always', 'onFailure', 'never'] as const).map((value) => ({ value, label: t(`restartPolicy.${value}`) }))}
          />
        </Field>
        <WhenAway text={text} set={set} errorOf={errorOf} />
      </div>
    </details>
  );
}

/** What happens while the device of a replica is away, and when it is back. */
function WhenAway({ text, set, errorOf }: Fields) {
  const t = useTranslations('deploy.away');
  const select = <Value extends string>(name: FieldName, values: readonly Value[], labelOf: (value: Value) => string) => (
    <FieldSelect
      value={text[name]}
      onChange={(event) => set(name, event.target.value)}
      options={values.map((value) => ({ value, label: labelOf(value) }))}
    />
  );
  const duration = (name: 'lostAfter' | 'stopAfter', label: string, hint: string) => (
    <Field label={label} hint={hint} {...errorOf(name)}>
      <FieldInput value={text[name]} onChange={(event) => set(name, event.target.value)} autoComplete="off" spellCheck={false} />
    </Field>
  );
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="mb-2 font-semibold">{t('title')}</legend>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t('policy')}>{select('away', ['replace', 'wait'], (value) => t(value))}</Field>
        {duration('lostAfter', t('lostAfter'), t('lostAfterHint'))}
        <Field label={t('back')}>
          {select('back', ['longestRunning', 'keepOriginal', 'keepReplacement'], (value) => t(`backPolicy.${value}`))}
        </Field>
        {duration('stopAfter', t('stopAfter'), text.exclusive === 'yes' ? t('leaseHint') : t('stopAfterHint'))}
      </div>
      <Field label={t('exclusive')} hint={t('exclusiveHint')}>
        {select('exclusive', ['no', 'yes'], (value) => t(`exclusivePolicy.${value}`))}
      </Field>
    </fieldset>
  );
}
