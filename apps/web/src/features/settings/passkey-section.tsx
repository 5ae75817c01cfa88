'use client';

import { Button, Callout, Card, Section } from '@cloudless/ui';
import { useQuery } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState, useSyncExternalStore } from 'react';
import { Age } from '#web/format/age.tsx';
import { authClient } from '#web/session/auth-client.ts';
import { canUsePasskeys } from '#web/session/can-use-passkeys.ts';
import { passkeyRefusalOf, type PasskeyRefusal } from '#web/session/passkey-refusal.ts';

const subscribe = (): (() => void) => () => undefined;

/** Passkeys: only where the browser can have them. */
export function PasskeySection() {
  const canUse = useSyncExternalStore(subscribe, canUsePasskeys, () => false);
  return canUse ? <Passkeys /> : null;
}

function Passkeys() {
  const t = useTranslations('settings');
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<PasskeyRefusal>();
  const listed = useQuery({
    queryKey: ['passkeys'],
    queryFn: async () => (await authClient().passkey.listUserPasskeys()).data ?? [],
  });
  async function change(work: () => Promise<{ error?: object | null } | undefined>): Promise<void> {
    setPending(true);
    const done = await work();
    setFailure(done?.error ? passkeyRefusalOf(done.error) : undefined);
    setPending(false);
    await listed.refetch();
  }
  const add = (
    <Button icon={<KeyRound aria-hidden />} loading={pending} onClick={() => void change(() => authClient().passkey.addPasskey())}>
      {t('addPasskey')}
    </Button>
  );
  return (
    <Section title={t('passkeys')} headingId="passkeys" actions={add}>
      {failure === undefined ? null : (
        <Callout tone="bad" announce title={t('passkeyFailed')}>
          <p>{t(`passkeyRefusal.${failure}`)}</p>
        </Callout>
      )}
      <Card className="px-4">
        {(listed.data ?? []).length === 0 ? <p className="py-3 text-ink-soft">{t('noPasskeys')}</p> : null}
        <ul>
          {(listed.data ?? []).map(({ id, name, createdAt }) => (
            <li key={id} data-testid="passkey" className="flex flex-wrap items-center justify-between gap-2 border-b py-2 last:border-b-0">
              <span>
                {name ?? t('passkey')} <Age at={new Date(createdAt).getTime()} className="text-xs text-ink-soft" />
              </span>
              <Button size="sm" onClick={() => void change(() => authClient().passkey.deletePasskey({ id }))}>
                {t('remove')}
              </Button>
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  );
}
