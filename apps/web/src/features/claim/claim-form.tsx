'use client';

import type { CloudlessError } from '@cloudless/proto';
import { Button, Field, FieldInput } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';

const FIELDS = ['code', 'name', 'email', 'password'] as const;
type FieldName = (typeof FIELDS)[number];
type Values = Readonly<Record<FieldName, string>>;

const readValues = (form: HTMLFormElement, givenCode: string | undefined): Values => {
  const fields = new FormData(form);
  const text = (name: FieldName): string => String(fields.get(name) ?? '').trim();
  return { code: givenCode ?? text('code'), name: text('name'), email: text('email'), password: String(fields.get('password') ?? '') };
};

/** Fields that the contract refused. The coordinator holds them to it: its schemas are not loaded before there is an owner. */
function findWrong(failure: CloudlessError | undefined): readonly FieldName[] {
  const wrong = new Set((failure?.issues ?? []).map(({ path }) => path));
  return FIELDS.filter((name) => wrong.has(name));
}

/** What the page is for; told before anything is known of the cluster. */
export function ClaimHeading() {
  const t = useTranslations('claim');
  return (
    <div>
      <h1 className="text-xl font-semibold">{t('title')}</h1>
      <p className="text-ink-soft">{t('text')}</p>
    </div>
  );
}

export function ClaimForm({
  givenCode,
  onClaimed,
}: {
  /** From the link; asked for when absent, and when it was refused. */
  readonly givenCode: string | undefined;
  readonly onClaimed: (recoveryCodes: readonly string[]) => void;
}) {
  const t = useTranslations('claim');
  const claim = useAction('claim.submit', { onDone: ({ recoveryCodes }) => onClaimed(recoveryCodes) });
  const form = useRef<HTMLFormElement>(null);
  const { failure } = claim;
  const wrong = findWrong(failure);
  const isRefused = failure?.code === 'claim_code_wrong';
  const [wasRefused, setWasRefused] = useState(false);
  if (isRefused && !wasRefused) setWasRefused(true);
  const asksCode = givenCode === undefined || wasRefused;
  const error = (name: FieldName) => (wrong.includes(name) ? { error: t(`wrong.${name}`) } : {});
  useEffect(() => {
    const [first = isRefused ? 'code' : undefined] = findWrong(failure);
    if (first !== undefined) form.current?.querySelector<HTMLInputElement>(`[name="${first}"]`)?.focus();
  }, [failure, isRefused]);
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    void claim.run(readValues(event.currentTarget, asksCode ? undefined : givenCode));
  }
  return (
    // By post, so that a form sent before the program has come puts no secret into an address.
    <form ref={form} method="post" onSubmit={submit} noValidate className="flex flex-col gap-4">
      {asksCode ? (
        <Field label={t('code')} hint={t('codeHint')} {...error('code')}>
          <FieldInput
            key={givenCode}
            name="code"
            defaultValue={givenCode}
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            className="font-mono"
          />
        </Field>
      ) : null}
      <Field label={t('name')} {...error('name')}>
        <FieldInput name="name" autoComplete="name" maxLength={100} />
      </Field>
      <Field label={t('email')} {...error('email')}>
        <FieldInput name="email" type="email" autoComplete="username" maxLength={254} />
      </Field>
      <Field label={t('password')} hint={t('passwordHint')} {...error('password')}>
        <FieldInput name="password" type="password" autoComplete="new-password" maxLength={128} />
      </Field>
      <FailureCallout failure={wrong.length === 0 ? failure : undefined} />
      <Button type="submit" variant="primary" size="lg" loading={claim.pending}>
        {t('submit')}
      </Button>
    </form>
  );
}
