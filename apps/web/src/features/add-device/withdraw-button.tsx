'use client';

import type { Join } from '@cloudless/proto';
import { AlertDialog, AlertDialogCancel, Button } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';

/** Takes an offer back, after a question: its command may be on its way to a machine, or at work there. Closing leaves the offer. */
export function WithdrawButton({ join, onDone }: { readonly join: Join; readonly onDone: () => void }) {
  const t = useTranslations('addDevice');
  const actions = useTranslations('actions');
  const [isAsking, setAsking] = useState(false);
  const withdraw = useAction('node.cancelJoin', { onDone });
  return (
    <>
      <Button variant="ghost" onClick={() => setAsking(true)}>
        {t('withdraw')}
      </Button>
      <AlertDialog
        open={isAsking}
        onOpenChange={setAsking}
        title={t('withdrawTitle')}
        description={join.steps.length === 0 ? t('withdrawText') : t('withdrawLateText')}
        footer={
          <>
            <AlertDialogCancel>
              <Button>{actions('cancel')}</Button>
            </AlertDialogCancel>
            <Button variant="danger" loading={withdraw.pending} onClick={() => void withdraw.run({ id: join.id })}>
              {t('withdraw')}
            </Button>
          </>
        }
      >
        <FailureCallout failure={withdraw.failure} />
      </AlertDialog>
    </>
  );
}
