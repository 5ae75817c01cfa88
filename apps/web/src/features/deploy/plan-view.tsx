'use client';

import type { WorkloadId, WorkloadSpecInput } from '@cloudless/proto';
import { Card, StateShape } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useDeferredValue } from 'react';
import { useFormat } from '#web/format/use-format.ts';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAsk } from '#web/live/use-ask.ts';
import { useCauseText, usePlacementText, useReasonText } from '#web/states/use-texts.ts';

type PlanInput = { readonly metadata: { readonly name: string }; readonly spec: WorkloadSpecInput };
const NOTHING: PlanInput = { metadata: { name: 'x' }, spec: { image: 'x' } };

/** Where it would start and why, and why not elsewhere, before anything is changed. */
export function PlanView({
  input,
  workloadId,
  empty,
}: {
  readonly input: PlanInput | undefined;
  readonly workloadId?: WorkloadId;
  /** Stands where there is nothing to plan. */
  readonly empty: string;
}) {
  const t = useTranslations('deploy');
  const format = useFormat();
  const causeText = useCauseText();
  const reasonText = useReasonText();
  const placementText = usePlacementText();
  const asked = useDeferredValue(input);
  const plan = useAsk(
    'workload.plan',
    { ...(asked ?? NOTHING), ...(workloadId === undefined ? {} : { workloadId }) },
    { enabled: asked !== undefined, staleMs: 2000, keepPrevious: true },
  );
  const found = asked === undefined ? undefined : plan.data;
  return (
    <Card
      className="flex max-h-[60dvh] flex-col max-lg:max-h-[35dvh] gap-3 overflow-y-auto p-4"
      role="region"
      aria-label={t('plan')}
      tabIndex={0}
    >
      <h2 className="font-semibold">{t('plan')}</h2>
      <FailureCallout failure={plan.error ?? undefined} />
      {found === undefined ? <p className="text-ink-soft">{empty}</p> : null}
      {found && found.placements.length > 0 ? (
        <ul className="flex flex-col gap-2">
          {found.placements.map(({ slot, nodeName, message, params }) => (
            <li key={slot} className="flex gap-2">
              <StateShape tone="good" className="mt-1" />
              <span className="min-w-0">
                <span className="font-medium">{t('startsOn', { replica: slot + 1, node: nodeName })}</span>
                <span className="block text-sm text-ink-soft">{placementText({ message, params }, nodeName)}</span>
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      {found?.unplaced.slice(0, 1).map(({ slot, reasons, remedy }) => (
        <div key={slot} className="flex gap-2">
          <StateShape tone="warn" className="mt-1" />
          <div className="min-w-0">
            <p className="font-medium">{t('unplaced', { count: found.unplaced.length })}</p>
            <ul className="text-sm text-ink-soft">
              {reasons.map((reason) => (
                <li key={reason.filter}>{reasonText(reason)}</li>
              ))}
            </ul>
            {remedy === undefined ? null : <p>{causeText(remedy)}</p>}
          </div>
        </div>
      ))}
      {found && found.rejected.length > 0 ? (
        <details>
          <summary className="cursor-pointer text-sm">
            {found.placements.length === 0 ? t('notAnywhere') : t('notElsewhere', { count: found.rejected.length })}
          </summary>
          <ul className="pt-1 text-sm text-ink-soft">
            {found.rejected.map((rejected) => (
              <li key={rejected.nodeId}>{reasonText(rejected)}</li>
            ))}
          </ul>
        </details>
      ) : null}
      {found ? (
        <p className="text-sm text-ink-soft">
          {t('needs', {
            cores: format.cores(found.requests.cpuMillicores),
            memory: format.bytes(found.requests.memoryBytes),
            disk: format.bytes(found.requests.storageBytes),
          })}
        </p>
      ) : null}
    </Card>
  );
}
