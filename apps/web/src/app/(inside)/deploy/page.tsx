import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { DeployPage } from '#web/features/deploy/deploy-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('deploy');
  return { title: t('title') };
}

export default function Page() {
  return <DeployPage />;
}
