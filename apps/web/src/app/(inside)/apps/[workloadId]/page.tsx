import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { AppPage } from '#web/features/app-detail/app-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('appDetail');
  return { title: t('title') };
}

export default async function Page({ params }: { readonly params: Promise<{ readonly workloadId: string }> }) {
  const { workloadId } = await params;
  return <AppPage workloadId={workloadId} />;
}
