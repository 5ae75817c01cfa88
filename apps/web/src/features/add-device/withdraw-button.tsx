'use client';

import type { Join } from '@cloudless/proto';
import { AlertDialog, AlertDialogCancel, Button } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';

/** Takes an offer back, after a question: its command may be on its way to a machine, or at work there. */
export function WithdrawButton({
  join,
  size = 'md',
  onDone,
}: {
  readonly join: Join;
  readonly size?: 'sm' | 'md';
  readonly onDone?: () => void;
}) {
  const t = useTranslations('addDevice');
  const [isAsking, setAsking] = useState(false);
  const withdraw = useAction('node.cancelJoin', {
    receipt: () => t('withdrawn'),
    onDone: () => {
      setAsking(false);
      onDone?.();
    },
  });
  const input = { id: join.id };
  return (
    <>
      <Button variant="ghost" size={size} onClick={() => setAsking(true)}>
        {t('withdraw')}
      </Button>
      <AlertDialog
        open={isAsking}
        onOpenChange={setAsking}
        title={t('withdrawTitle')}
        description={join.steps.length === 0 ? t('withdrawText') : t('withdrawLateText')}
        footer={
          <>
            <CopyAs name="node.cancelJoin" input={input} />
            <AlertDialogCancel>
              <Button>{t('withdrawNot')}</Button>
            </AlertDialogCancel>
            <Button variant="danger" loading={withdraw.pending} onClick={() => void withdraw.run(input)}>
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
