'use client';

import { Button, Callout, Field, FieldInput } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useState, type FormEvent } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';

/** A new password by a recovery code. */
export function RecoverPage() {
  const t = useTranslations('recover');
  const [done, setDone] = useState(false);
  const recover = useAction('recovery.submit', { onDone: () => setDone(true) });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string): string => String(fields.get(name) ?? '');
    void recover.run({ email: text('email').trim(), code: text('code').trim(), password: text('password') });
  }
  const back = (
    <Link href="/sign-in" className="self-start text-accent underline underline-offset-4">
      {t('back')}
    </Link>
  );
  if (done)
    return (
      <>
        <h1 className="text-xl font-semibold">{t('title')}</h1>
        <Callout tone="good" announce title={t('done')}>
          <p>{t('doneText')}</p>
        </Callout>
        {back}
      </>
    );
  return (
    <>
      <div>
        <h1 className="text-xl font-semibold">{t('title')}</h1>
        <p className="text-ink-soft">{t('text')}</p>
      </div>
      <form method="post" onSubmit={submit} className="flex flex-col gap-4">
        <Field label={t('email')}>
          <FieldInput name="email" type="email" required autoComplete="username" />
        </Field>
        <Field label={t('code')} hint={t('noCode')}>
          <FieldInput name="code" required autoComplete="off" spellCheck={false} className="font-mono" />
        </Field>
        <Field label={t('password')} hint={t('passwordHint')}>
          <FieldInput name="password" type="password" required minLength={10} maxLength={128} autoComplete="new-password" />
        </Field>
        <FailureCallout failure={recover.failure} />
        <Button type="submit" variant="primary" size="lg" loading={recover.pending}>
          {t('submit')}
        </Button>
      </form>
      {back}
    </>
  );
}
