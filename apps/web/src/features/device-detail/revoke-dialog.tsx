'use client';

import { isTerminalPhase } from '@cloudless/proto';
import { AlertDialog, AlertDialogCancel, Button, Callout } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useRouter } from 'next/navigation';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useAllocations } from '#web/live/use-entities.ts';
import { AllocationState } from '#web/states/state-of.tsx';
import type { EditProps } from './edit-dialogs.tsx';

/** Lists exactly what goes, before a device is refused for good. Rendered while it is open. */
export function RevokeDialog({ node, onClose }: EditProps) {
  const t = useTranslations('deviceDetail');
  const actions = useTranslations('actions');
  const router = useRouter();
  const held = useAllocations({ nodeId: node.id }).filter(({ observed }) => !isTerminalPhase(observed.phase));
  const revoke = useAction('node.remove', { receipt: () => t('revoked', { name: node.name }), onDone: () => router.push('/devices') });
  const input = { nodeId: node.id };
  return (
    <AlertDialog
      open
      onOpenChange={onClose}
      title={t('revokeTitle', { name: node.name })}
      description={t('revokeText')}
      footer={
        <>
          <CopyAs name="node.remove" what={t('revoke')} input={input} />
          <AlertDialogCancel>
            <Button>{actions('cancel')}</Button>
          </AlertDialogCancel>
          <Button variant="danger" loading={revoke.pending} onClick={() => void revoke.run(input)}>
            {t('revoke')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {node.local ? <Callout tone="warn" title={t('revokeLocal')} /> : null}
        {held.length === 0 ? (
          <p>{t('revokeNothing')}</p>
        ) : (
          <>
            <p>{t('revokeMoves', { count: held.length })}</p>
            <ul className="rounded-lg border">
              {held.map((row) => (
                <li key={row.id} className="flex flex-wrap justify-between gap-x-4 border-b px-3 py-1.5 last:border-b-0">
                  <span className="min-w-0 truncate">
                    {row.workloadName} {row.slot + 1}
                  </span>
                  <AllocationState allocation={row} />
                </li>
              ))}
            </ul>
          </>
        )}
        <FailureCallout failure={revoke.failure} />
      </div>
    </AlertDialog>
  );
}
