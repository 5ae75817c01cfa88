import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { AddPage } from '#web/features/add/add-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('add');
  return { title: t('title') };
}

export default function Page() {
  return <AddPage />;
}
