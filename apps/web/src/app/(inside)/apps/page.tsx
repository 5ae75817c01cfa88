import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { AppsPage } from '#web/features/apps/apps-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('apps');
  return { title: t('title') };
}

export default function Page() {
  return <AppsPage />;
}
