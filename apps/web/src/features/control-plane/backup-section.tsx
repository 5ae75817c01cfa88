'use client';

import type { BackupStatus } from '@cloudless/proto';
import { Button, Callout, Section } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { Age } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useMay } from '#web/session/session.tsx';
import { Facts } from '../settings/facts.tsx';

/** Copies of the cluster: the last that was whole, and the last that was proven by a restore. */
export function BackupSection({ backups, onMade }: { readonly backups: BackupStatus; readonly onMade: () => void }) {
  const t = useTranslations('controlPlane.backup');
  const format = useFormat();
  const may = useMay();
  const make = useAction('cluster.backUp', { receipt: () => t('made'), onDone: onMade });
  const { last, restored, failed, folder } = backups;
  const actions = may('cluster.update') ? (
    <div className="flex items-center gap-1">
      <CopyAs name="cluster.backUp" what={t('now')} input={{}} />
      <Button loading={make.pending} onClick={() => void make.run({})}>
        {t('now')}
      </Button>
    </div>
  ) : undefined;
  return (
    <Section title={t('title')} headingId="backups" actions={actions}>
      <FailureCallout failure={make.failure} />
      {failed === undefined ? null : (
        <Callout tone="bad" title={t('failed')}>
          <p>
            <span lang="en">{failed.cause.message}</span> <Age at={failed.at} />
          </p>
        </Callout>
      )}
      <Facts
        facts={[
          {
            name: t('last'),
            value:
              last === undefined ? (
                t('none')
              ) : (
                <>
                  <Age at={last.at} /> · {format.bytes(last.bytes)} · <code className="font-mono text-xs">{last.file}</code>
                </>
              ),
          },
          {
            name: t('restored'),
            value:
              restored === undefined ? (
                t('neverRestored')
              ) : (
                <>
                  <Age at={restored.at} /> · {t('from', { at: format.instant(restored.madeAt) })}
                </>
              ),
          },
          { name: t('daily'), value: t('every', { folder }) },
          { name: t('key'), value: t('keyText') },
        ]}
      />
    </Section>
  );
}
