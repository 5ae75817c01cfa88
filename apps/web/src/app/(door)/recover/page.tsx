import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { RecoverPage } from '#web/features/recover/recover-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('recover');
  return { title: t('title') };
}

export default function Page() {
  return <RecoverPage />;
}
