'use client';

import { AlertDialog, AlertDialogCancel, Button, Section, Skeleton } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useAsk } from '#web/live/use-ask.ts';
import { Facts } from './facts.tsx';

/** Who is signed in, and the way back in when the password is lost. */
export function AccountSection() {
  const t = useTranslations('settings');
  const me = useAsk('account.me', {});
  const [asking, setAsking] = useState(false);
  const [codes, setCodes] = useState<readonly string[]>();
  const renew = useAction('account.renewRecoveryCodes', {
    receipt: () => t('codesRenewed'),
    onDone(output) {
      setAsking(false);
      setCodes(output.recoveryCodes);
      void me.refetch();
    },
  });
  const button = <Button onClick={() => setAsking(true)}>{t('renewCodes')}</Button>;
  return (
    <Section title={t('account')} headingId="account" actions={button}>
      <FailureCallout failure={me.error ?? undefined} onRetry={() => void me.refetch()} />
      {me.data === undefined ? (
        <Skeleton className="h-32" />
      ) : (
        <Facts
          facts={[
            { name: t('name'), value: me.data.user.name },
            { name: t('email'), value: me.data.user.email },
            { name: t('organisation'), value: t('orgAs', { org: me.data.org.name, role: t(`role.${me.data.role}`) }) },
            ...(me.data.recoveryCodesLeft === undefined
              ? []
              : [{ name: t('recoveryCodes'), value: t('codesLeft', { count: me.data.recoveryCodesLeft }) }]),
          ]}
        />
      )}
      {codes === undefined ? null : (
        <ul aria-label={t('recoveryCodes')} className="grid gap-1 rounded-lg border p-4 font-mono sm:grid-cols-2">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
      )}
      <AlertDialog
        open={asking}
        onOpenChange={setAsking}
        title={t('renewTitle')}
        description={t('renewText')}
        footer={
          <>
            <AlertDialogCancel>
              <Button>{t('cancel')}</Button>
            </AlertDialogCancel>
            <Button variant="danger" loading={renew.pending} onClick={() => void renew.run({})}>
              {t('renewCodes')}
            </Button>
          </>
        }
      >
        <FailureCallout failure={renew.failure} />
      </AlertDialog>
    </Section>
  );
}
