'use client';

import { Badge, Button, Card, Section } from '@cloudless/ui';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Age } from '#web/format/age.tsx';
import { authClient } from '#web/session/auth-client.ts';
import { describeBrowser } from './describe-browser.ts';

type Listed = {
  readonly id: string;
  readonly token: string;
  readonly userAgent?: string | null | undefined;
  readonly ipAddress?: string | null | undefined;
  readonly updatedAt: Date;
};

/** Browsers in which this person is signed in. */
export function SessionSection() {
  const t = useTranslations('settings');
  const own = useQuery({ queryKey: ['session'], queryFn: async () => (await authClient().getSession()).data?.session.id ?? '' });
  const listed = useQuery<readonly Listed[]>({
    queryKey: ['sessions'],
    queryFn: async () => (await authClient().listSessions()).data ?? [],
  });
  async function revoke(token: string): Promise<void> {
    await authClient().revokeSession({ token });
    await listed.refetch();
  }
  return (
    <Section title={t('sessions')} headingId="sessions">
      <Card className="px-4">
        <ul>
          {(listed.data ?? []).map(({ id, token, userAgent, ipAddress, updatedAt }) => (
            <li key={id} className="flex flex-wrap items-center justify-between gap-2 border-b py-2 last:border-b-0">
              <div className="min-w-0">
                <Browser userAgent={userAgent ?? ''} />
                <span className="text-xs text-ink-soft">
                  {ipAddress ? `${ipAddress} · ` : null}
                  <Age at={new Date(updatedAt).getTime()} />
                </span>
              </div>
              {id === own.data ? (
                <Badge>{t('thisBrowser')}</Badge>
              ) : (
                <Button size="sm" onClick={() => void revoke(token)}>
                  {t('signOutThere')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Card>
    </Section>
  );
}

/** In words; what it says of itself is behind them. */
function Browser({ userAgent }: { readonly userAgent: string }) {
  const t = useTranslations('settings');
  const { browser = t('unknownBrowser'), system } = describeBrowser(userAgent);
  const name = system === undefined ? browser : t('browserOn', { browser, system });
  if (userAgent === '') return <span className="block">{name}</span>;
  return (
    <details>
      <summary className="cursor-pointer">{name}</summary>
      <p translate="no" className="py-1 font-mono text-xs text-ink-soft">
        {userAgent}
      </p>
    </details>
  );
}
