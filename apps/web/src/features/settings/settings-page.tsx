'use client';

import { useTranslations } from 'next-intl';
import { useMay } from '#web/session/session.tsx';
import { PageHeader } from '#web/shell/page-header.tsx';
import { AccountSection } from './account-section.tsx';
import { ClusterSection } from './cluster-section.tsx';
import { PasskeySection } from './passkey-section.tsx';
import { SessionSection } from './session-section.tsx';
import { TokenSection } from './token-section.tsx';

/** The person's own, and the cluster. */
export function SettingsPage() {
  const t = useTranslations('settings');
  const may = useMay();
  return (
    <>
      <PageHeader title={t('title')} />
      <div className="flex max-w-4xl flex-col gap-8">
        <AccountSection />
        <PasskeySection />
        <SessionSection />
        {may('token.read') ? <TokenSection /> : null}
        <ClusterSection />
      </div>
    </>
  );
}
