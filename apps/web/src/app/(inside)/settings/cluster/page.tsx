import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { ControlPlanePage } from '#web/features/control-plane/control-plane-page.tsx';

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('controlPlane');
  return { title: t('title') };
}

export default function Page() {
  return <ControlPlanePage />;
}
