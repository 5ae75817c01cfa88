'use client';

import type { Workload } from '@cloudless/proto';
import { Button, Dialog, Field, FieldInput } from '@cloudless/ui';
import { Play, RotateCw, Scaling, Square } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useId, useState, type FormEvent } from 'react';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useFailureToast } from '#web/live/use-failure-toast.ts';
import { useMay } from '#web/session/session.tsx';

/** What a person can do to an app at any time; what they may not is absent. */
export function AppActions({ workload }: { readonly workload: Workload }) {
  const t = useTranslations('appDetail');
  const may = useMay();
  const [scaling, setScaling] = useState(false);
  const restart = useAction('workload.restart', { receipt: ({ name }) => t('restarted', { name }) });
  const stop = useAction('workload.stop', { receipt: ({ name }) => t('stopped', { name }) });
  const start = useAction('workload.start', { receipt: ({ name }) => t('started', { name }) });
  useFailureToast(restart.failure);
  useFailureToast(stop.failure);
  useFailureToast(start.failure);
  if (!may('workload.update') || workload.deletedAt !== undefined) return null;
  const input = { workloadId: workload.id };
  const isStopped = workload.runState === 'stopped';
  const turn = isStopped ? start : stop;
  return (
    <>
      {isStopped ? null : (
        <>
          <Button icon={<Scaling aria-hidden />} onClick={() => setScaling(true)}>
            {t('scale')}
          </Button>
          <span className="inline-flex items-center">
            <Button icon={<RotateCw aria-hidden />} loading={restart.pending} onClick={() => void restart.run(input)}>
              {t('restart')}
            </Button>
            <CopyAs name="workload.restart" what={t('restart')} input={input} />
          </span>
        </>
      )}
      <span className="inline-flex items-center">
        {/* One button for both: it keeps the focus of who pressed it. */}
        <Button
          variant={isStopped ? 'primary' : 'secondary'}
          icon={isStopped ? <Play aria-hidden /> : <Square aria-hidden />}
          loading={turn.pending}
          onClick={() => void turn.run(input)}
        >
          {isStopped ? t('start') : t('stop')}
        </Button>
        <CopyAs name={isStopped ? 'workload.start' : 'workload.stop'} what={isStopped ? t('start') : t('stop')} input={input} />
      </span>
      {scaling ? <ScaleDialog workload={workload} onClose={() => setScaling(false)} /> : null}
    </>
  );
}

const MAX_REPLICAS = 100;

function ScaleDialog({ workload, onClose }: { readonly workload: Workload; readonly onClose: () => void }) {
  const t = useTranslations('appDetail');
  const actions = useTranslations('actions');
  const form = useId();
  const [text, setText] = useState(String(workload.spec.replicas));
  const scale = useAction('workload.scale', {
    receipt: ({ name, spec }) => t('scaled', { name, replicas: spec.replicas }),
    onDone: onClose,
  });
  const replicas = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  const isValid = replicas <= MAX_REPLICAS;
  const input = { workloadId: workload.id, replicas: isValid ? replicas : 0 };
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (isValid) void scale.run(input);
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t('scaleTitle', { name: workload.name })}
      description={t('scaleText')}
      closeLabel={actions('close')}
      footer={
        <>
          <CopyAs name="workload.scale" what={t('scale')} input={input} />
          <Button onClick={onClose}>{actions('cancel')}</Button>
          <Button type="submit" form={form} variant="primary" loading={scale.pending} disabled={!isValid}>
            {t('scale')}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3 pt-1">
        <Field label={t('replicas')} {...(isValid ? {} : { error: t('replicasWrong', { max: MAX_REPLICAS }) })}>
          <FieldInput value={text} onChange={(event) => setText(event.target.value)} inputMode="numeric" autoComplete="off" />
        </Field>
        <FailureCallout failure={scale.failure} />
      </form>
    </Dialog>
  );
}
