'use client';

import { Callout } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { useMay } from '#web/session/session.tsx';
import { PageHeader } from '#web/shell/page-header.tsx';
import { FirstApp } from '../home/first-app.tsx';
import { DeployForm } from './deploy-form.tsx';

/** A new app: from the catalogue by one click, or from an image. */
export function DeployPage() {
  const t = useTranslations('deploy');
  const may = useMay();
  if (!may('workload.create')) return <Callout tone="warn" title={t('mayNot')} />;
  return (
    <>
      <PageHeader title={t('title')} sentence={t('sentence')} />
      <div className="flex flex-col gap-8">
        <DeployForm />
        <FirstApp ownToo={false} />
      </div>
    </>
  );
}
