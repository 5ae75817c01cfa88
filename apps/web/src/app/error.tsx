'use client';

import { Button, Callout } from '@cloudless/ui';
import { useTranslations } from 'next-intl';

/** A part of the program that could not be loaded, as the bundler says it. Each release names its parts anew: trying again cannot help. */
const isOutdated = ({ name, message }: Error): boolean => name === 'ChunkLoadError' || /load(ing)? chunk/i.test(message);

/** A page that broke: the rest of the dashboard goes on. */
export default function PageError({ error, reset }: { readonly error: Error & { readonly digest?: string }; readonly reset: () => void }) {
  const t = useTranslations('shell');
  if (isOutdated(error))
    return (
      <main className="mx-auto max-w-2xl p-4">
        <Callout tone="warn" announce title={t('broken')} actions={<Button onClick={() => location.reload()}>{t('reload')}</Button>}>
          <p>{t('outdated')}</p>
        </Callout>
      </main>
    );
  return (
    <main className="mx-auto max-w-2xl p-4">
      <Callout tone="bad" announce title={t('broken')} actions={<Button onClick={reset}>{t('again')}</Button>}>
        <p lang="en">{error.message}</p>
        {error.digest === undefined ? null : <code className="font-mono text-xs text-ink-soft">{error.digest}</code>}
      </Callout>
    </main>
  );
}
