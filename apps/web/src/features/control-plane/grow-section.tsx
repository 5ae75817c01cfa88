'use client';

import type { ProcedureOutput } from '@cloudless/proto';
import { Button, Callout, Card, CodeBlock, Field, FieldInput, Section } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useState, type FormEvent, type ReactNode } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useAsk } from '#web/live/use-ask.ts';
import { useCopyLabels } from '#web/live/use-copy-labels.ts';
import { useMay } from '#web/session/session.tsx';
import { readStoreAddress, writeStoreCommands, type StoreCommands } from './store-address.ts';

const EXAMPLE_URL = 'http://10.0.0.5:4001';
/** On the first of three machines; the others differ in their id and address. */
const STORE_COMMAND =
  'rqlited -node-id 1 -http-addr 0.0.0.0:4001 -http-adv-addr 10.0.0.5:4001 -raft-addr 0.0.0.0:4002 -raft-adv-addr 10.0.0.5:4002 -bootstrap-expect 3 -join 10.0.0.5:4002,10.0.0.6:4002,10.0.0.7:4002 rqlite-data';

type Checked = ProcedureOutput<'cluster.checkStore'>;

/** The way from one machine to a cluster, step by step: what is checked here is checked, what runs on machines is a command to copy. */
export function GrowSection() {
  const t = useTranslations('controlPlane.grow');
  const may = useMay();
  const [commands, setCommands] = useState<StoreCommands>();
  if (!may('cluster.update')) return null;
  return (
    <Section title={t('title')} headingId="grow">
      <p className="text-ink-soft">{t('why')}</p>
      <ol className="flex flex-col gap-4">
        <Step number={1} title={t('startStore')}>
          <p>{t('startStoreText')}</p>
          <Command of={t('startStore')} code={STORE_COMMAND} />
        </Step>
        <Step number={2} title={t('check')}>
          <CheckForm onCommands={setCommands} />
        </Step>
        <Step number={3} title={t('move')}>
          <p>{t('moveText')}</p>
          <Command of={t('move')} code={commands?.move} />
        </Step>
        <Step number={4} title={t('start')}>
          <p>{t('startText')}</p>
          <Command of={t('start')} code={commands?.start} />
        </Step>
      </ol>
    </Section>
  );
}

/** @param onCommands gets what runs next, and nothing while no store was found fit */
function CheckForm({ onCommands }: { readonly onCommands: (commands: StoreCommands | undefined) => void }) {
  const t = useTranslations('controlPlane.grow');
  const check = useAction('cluster.checkStore');
  const cluster = useAsk('cluster.get', {});
  const [checked, setChecked] = useState<Checked>();
  const [isWrong, setWrong] = useState(false);
  const [hasUser, setHasUser] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string): string => String(fields.get(name) ?? '').trim();
    const [url, username] = [readStoreAddress(text('url')), text('username')];
    setChecked(undefined);
    onCommands(undefined);
    setWrong(url === undefined);
    if (url === undefined) return;
    const found = await check.run({ url, ...(username === '' ? {} : { username, password: text('password') }) });
    setChecked(found);
    setHasUser(username !== '');
    if (found?.fit !== true) return;
    onCommands(writeStoreCommands({ url, nodes: found.nodes, username, dataFolder: cluster.data?.dataFolder }));
  }
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-3">
      <Field label={t('url')} hint={t('urlHint')} {...(isWrong ? { error: t('urlWrong') } : {})}>
        <FieldInput name="url" inputMode="url" maxLength={255} placeholder={EXAMPLE_URL} autoComplete="off" spellCheck={false} />
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t('username')}>
          <FieldInput name="username" maxLength={128} autoComplete="off" />
        </Field>
        <Field label={t('password')}>
          <FieldInput name="password" type="password" maxLength={256} autoComplete="off" />
        </Field>
      </div>
      <Button type="submit" loading={check.pending} className="self-start">
        {t('checkNow')}
      </Button>
      <FailureCallout failure={check.failure} />
      {checked === undefined ? null : <Verdict checked={checked} hasUser={hasUser} />}
    </form>
  );
}

function Step({ number, title, children }: { readonly number: number; readonly title: string; readonly children: ReactNode }) {
  return (
    <li>
      <Card className="flex flex-col gap-2 p-4">
        <h3 className="font-medium">
          <span className="text-ink-soft">{number}.</span> {title}
        </h3>
        {children}
      </Card>
    </li>
  );
}

/** `of`: the step, so that each has a name of its own. */
function Command({ code, of }: { readonly code: string | undefined; readonly of: string }) {
  const own = useTranslations('controlPlane.grow');
  const copyLabels = useCopyLabels();
  if (code === undefined) return <p className="text-ink-soft">{own('afterCheck')}</p>;
  return <CodeBlock code={code} label={own('command', { of })} copyLabels={copyLabels} />;
}

function Verdict({ checked, hasUser }: { readonly checked: Checked; readonly hasUser: boolean }) {
  const t = useTranslations('controlPlane.grow');
  const voters = checked.nodes.filter(({ role, reachable }) => role !== 'reader' && reachable).length;
  const { fit, reason = 'unreachable', message } = checked;
  if (!fit)
    return (
      <Callout tone="bad" announce title={t(`unfit.${reason}`)}>
        <p>{t(`unfitText.${reason}`)}</p>
        {reason === 'noLeader' ? null : (
          <p lang="en" className="font-mono text-xs">
            {message}
          </p>
        )}
      </Callout>
    );
  return (
    <Callout tone={voters < 3 ? 'warn' : 'good'} announce title={t('fit')}>
      <p>{t('fitText', { count: voters })}</p>
      {hasUser ? <p>{t('passwordFile')}</p> : null}
    </Callout>
  );
}
