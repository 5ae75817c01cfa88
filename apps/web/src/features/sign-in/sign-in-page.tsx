'use client';

import { CloudlessError } from '@cloudless/proto';
import { Button, Callout, Field, FieldInput } from '@cloudless/ui';
import { KeyRound } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useEffect, useState, useSyncExternalStore, type FormEvent } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { authClient } from '#web/session/auth-client.ts';
import { canUsePasskeys } from '#web/session/can-use-passkeys.ts';
import { readNextPath } from '#web/session/next-path.ts';

type AuthError = { readonly status: number; readonly statusText: string; readonly message?: string | undefined };

function toFailure({ status, statusText, message }: AuthError): CloudlessError {
  const said = message ?? statusText;
  if (status === 401 || status === 400) return new CloudlessError('credentials_wrong', said);
  if (status === 429) return new CloudlessError('too_many_requests', said);
  return new CloudlessError(status === 0 || status >= 502 ? 'coordinator_unreachable' : 'internal', said || String(status));
}

const subscribe = (): (() => void) => () => undefined;
const goOn = (): void => location.assign(readNextPath(location.search) + location.hash);

/** The way in for who has an account: by password or by passkey. */
export function SignInPage() {
  const t = useTranslations('signIn');
  const state = useAsk('claim.state', {});
  const isUnclaimed = state.data?.claimed === false;
  useEffect(() => {
    if (isUnclaimed) location.replace('/claim');
  }, [isUnclaimed]);
  return (
    <>
      <h1 className="text-xl font-semibold">{t('title')}</h1>
      <PasswordForm />
      <Link href="/recover" className="self-start text-accent underline underline-offset-4">
        {t('recover')}
      </Link>
      <PasskeyButton />
    </>
  );
}

function PasswordForm() {
  const t = useTranslations('signIn');
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<CloudlessError>();
  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setPending(true);
    setFailure(undefined);
    const { error } = await authClient().signIn.email({ email: String(fields.get('email')), password: String(fields.get('password')) });
    if (!error) return goOn();
    setPending(false);
    setFailure(toFailure(error));
  }
  return (
    // By post, so that a form sent before the program has come puts no password into an address.
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      <Field label={t('email')}>
        <FieldInput name="email" type="email" required autoComplete="username webauthn" />
      </Field>
      <Field label={t('password')}>
        <FieldInput name="password" type="password" required autoComplete="current-password" />
      </Field>
      <FailureCallout failure={failure} />
      <Button type="submit" variant="primary" size="lg" loading={pending}>
        {t('submit')}
      </Button>
    </form>
  );
}

function PasskeyButton() {
  const t = useTranslations('signIn');
  const canUse = useSyncExternalStore(subscribe, canUsePasskeys, () => false);
  const [pending, setPending] = useState(false);
  const [failed, setFailed] = useState(false);
  async function signIn(): Promise<void> {
    setPending(true);
    setFailed(false);
    const { error } = await authClient().signIn.passkey();
    if (!error) return goOn();
    setPending(false);
    setFailed(true);
  }
  if (!canUse) return null;
  return (
    <>
      <div className="flex items-center gap-3 text-xs text-ink-soft before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
        {t('or')}
      </div>
      <Button size="lg" icon={<KeyRound aria-hidden />} loading={pending} onClick={() => void signIn()}>
        {t('passkey')}
      </Button>
      {failed ? (
        <Callout tone="bad" announce title={t('passkeyFailed')}>
          <p>{t('passkeyText')}</p>
        </Callout>
      ) : null}
    </>
  );
}
