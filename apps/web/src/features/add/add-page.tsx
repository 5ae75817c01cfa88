'use client';

import { Callout, CodeBlock, buttonClasses } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useEffect, useState } from 'react';
import { useCopyLabels } from '#web/live/use-copy-labels.ts';

const TOKEN = /^#(cl1\.[A-Za-z0-9._-]{60,4000})$/;

/** Where the QR of an offer leads, on whatever opened it. */
export function AddPage() {
  const t = useTranslations('add');
  const copyLabels = useCopyLabels();
  const [token, setToken] = useState<string>();
  useEffect(() => {
    const found = TOKEN.exec(location.hash)?.[1];
    if (found === undefined) return;
    setToken(found);
    // A secret does not stay in the address bar.
    history.replaceState(null, '', location.pathname);
  }, []);
  return (
    <>
      <h1 className="text-xl font-semibold">{t('title')}</h1>
      <Callout tone="idle" title={t('phone')}>
        <p>{t('phoneText')}</p>
      </Callout>
      <Link href="/sign-in?next=/devices" className={buttonClasses({ variant: 'primary', className: 'self-start' })}>
        {t('signIn')}
      </Link>
      {token === undefined ? null : (
        <>
          <p>{t('computerText')}</p>
          <CodeBlock code={`cloudless-agent join ${token}`} label={t('command')} copyLabels={copyLabels} />
          <p className="text-ink-soft">{t('installText')}</p>
        </>
      )}
    </>
  );
}
