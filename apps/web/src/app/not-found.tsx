import { getTranslations } from 'next-intl/server';
import { DoorFrame } from '#web/shell/door-frame.tsx';

export default async function NotFound() {
  const t = await getTranslations('shell');
  return (
    <DoorFrame>
      <h1 className="text-xl font-semibold">{t('nowhere')}</h1>
      <p className="text-ink-soft">{t('nowhereText')}</p>
      {/* A plain link: whoever is lost starts afresh. */}
      <a href="/" className="text-accent underline underline-offset-4">
        {t('toHome')}
      </a>
    </DoorFrame>
  );
}
