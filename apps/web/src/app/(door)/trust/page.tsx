import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { TrustPage } from '#web/features/trust/trust-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('trust');
  return { title: t('title') };
}

export default function Page() {
  return <TrustPage />;
}
