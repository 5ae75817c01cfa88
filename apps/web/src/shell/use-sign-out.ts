'use client';

import { toast } from '@cloudless/ui';
import { useTranslations } from 'next-intl';

/** Ends the session here and goes to the door. */
export function useSignOut(): () => void {
  const t = useTranslations('shell');
  async function signOut(): Promise<void> {
    const { authClient } = await import('#web/session/auth-client.ts');
    const { error } = await authClient().signOut();
    if (error) toast({ tone: 'bad', title: t('signOutFailed'), text: error.message ?? error.statusText });
    else location.replace('/sign-in');
  }
  return () => void signOut();
}
