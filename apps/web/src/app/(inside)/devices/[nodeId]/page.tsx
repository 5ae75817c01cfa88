import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { DevicePage } from '#web/features/device-detail/device-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('deviceDetail');
  return { title: t('title') };
}

export default async function Page({ params }: { readonly params: Promise<{ readonly nodeId: string }> }) {
  const { nodeId } = await params;
  return <DevicePage nodeId={nodeId} />;
}
