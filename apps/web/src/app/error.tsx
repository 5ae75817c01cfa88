'use client';

import { Button, Callout } from '@cloudless/ui';
import { useTranslations } from 'next-intl';

/** A page that broke: the rest of the dashboard goes on. */
export default function PageError({ error, reset }: { readonly error: Error & { readonly digest?: string }; readonly reset: () => void }) {
  const t = useTranslations('shell');
  return (
    <main className="mx-auto max-w-2xl p-4">
      <Callout tone="bad" announce title={t('broken')} actions={<Button onClick={reset}>{t('again')}</Button>}>
        <p lang="en">{error.message}</p>
        {error.digest === undefined ? null : <code className="font-mono text-xs text-ink-soft">{error.digest}</code>}
      </Callout>
    </main>
  );
}
