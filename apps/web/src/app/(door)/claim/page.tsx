import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { ClaimPage } from '#web/features/claim/claim-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('claim');
  return { title: t('title') };
}

export default function Page() {
  return <ClaimPage />;
}
