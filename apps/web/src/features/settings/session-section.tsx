'use client';

import { Badge, Button, Card, Section } from '@cloudless/ui';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { Age } from '#web/format/age.tsx';
import { authClient } from '#web/session/auth-client.ts';

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
              <span className="min-w-0">
                <span className="block truncate" title={userAgent ?? ''}>
                  {userAgent ?? t('unknownBrowser')}
                </span>
                <span className="text-xs text-ink-soft">
                  {ipAddress} <Age at={new Date(updatedAt).getTime()} />
                </span>
              </span>
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
