'use client';

import type { Workload } from '@cloudless/proto';
import { AlertDialog, AlertDialogCancel, Button } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useRouter } from 'next/navigation';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useAsk } from '#web/live/use-ask.ts';

/** Lists exactly what goes and what stays, before an app is deleted. Rendered while it is open. */
export function DeleteDialog({ workload, onClose }: { readonly workload: Workload; readonly onClose: () => void }) {
  const t = useTranslations('appDetail');
  const actions = useTranslations('actions');
  const phases = useTranslations('states.allocation');
  const router = useRouter();
  const preview = useAsk('workload.deletePreview', { workloadId: workload.id });
  const remove = useAction('workload.delete', { receipt: () => t('deleted', { name: workload.name }), onDone: () => router.push('/apps') });
  const input = { workloadId: workload.id };
  return (
    <AlertDialog
      open
      onOpenChange={onClose}
      title={t('deleteTitle', { name: workload.name })}
      description={t('deleteText')}
      footer={
        <>
          <CopyAs name="workload.delete" what={t('delete')} input={input} />
          <AlertDialogCancel>
            <Button>{actions('cancel')}</Button>
          </AlertDialogCancel>
          <Button variant="danger" loading={remove.pending} disabled={!preview.data} onClick={() => void remove.run(input)}>
            {t('delete')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <FailureCallout failure={preview.error ?? undefined} onRetry={() => void preview.refetch()} />
        {preview.data === undefined ? null : (
          <ul className="rounded-lg border [&>li]:border-b [&>li]:px-3 [&>li]:py-1.5 [&>li:last-child]:border-b-0">
            <li>{t('goesApp', { name: preview.data.name })}</li>
            {preview.data.url === undefined ? null : <li className="break-all">{t('goesUrl', { url: preview.data.url })}</li>}
            {preview.data.replicas.map(({ allocationId, nodeName, phase }) => (
              <li key={allocationId}>{t('goesReplica', { node: nodeName, phase: phases(phase as 'running') })}</li>
            ))}
          </ul>
        )}
        <p className="text-sm text-ink-soft">{t('keeps')}</p>
        <FailureCallout failure={remove.failure} />
      </div>
    </AlertDialog>
  );
}
