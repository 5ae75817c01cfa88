import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { PairPage } from '#web/features/pair/pair-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('pair');
  return { title: t('title') };
}

export default function Page() {
  return <PairPage />;
}
