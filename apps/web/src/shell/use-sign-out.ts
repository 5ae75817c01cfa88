'use client';

import { toast } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { authClient } from '#web/session/auth-client.ts';

/** Ends the session here and goes to the door. */
export function useSignOut(): () => void {
  const t = useTranslations('shell');
  return () =>
    void authClient()
      .signOut()
      .then(({ error }) => {
        if (error) toast({ tone: 'bad', title: t('signOutFailed'), text: error.message ?? error.statusText });
        else location.replace('/sign-in');
      });
}
