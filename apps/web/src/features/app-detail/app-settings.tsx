'use client';

import type { Workload } from '@cloudless/proto';
import { Button, Card, Section } from '@cloudless/ui';
import { Trash2 } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useMay } from '#web/session/session.tsx';
import { DeployForm } from '../deploy/deploy-form.tsx';
import { DeleteDialog } from './delete-dialog.tsx';

/** What the app is made of, and its end. */
export function AppSettings({ workload }: { readonly workload: Workload }) {
  const t = useTranslations('appDetail');
  const may = useMay();
  const [deleting, setDeleting] = useState(false);
  return (
    <div className="flex flex-col gap-8">
      <Section title={t('spec')} headingId="spec">
        <DeployForm key={workload.generation} workload={workload} />
      </Section>
      {may('workload.delete') ? (
        <Section title={t('deleteSection')} headingId="delete">
          <Card className="flex flex-wrap items-center justify-between gap-3 p-4">
            <p>{t('deleteHint')}</p>
            <Button variant="danger" icon={<Trash2 aria-hidden />} onClick={() => setDeleting(true)}>
              {t('delete')}
            </Button>
          </Card>
        </Section>
      ) : null}
      {deleting ? <DeleteDialog workload={workload} onClose={() => setDeleting(false)} /> : null}
    </div>
  );
}
