'use client';

import { buttonClasses } from '@cloudless/ui';
import { Download } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';

const SYSTEMS = ['linux', 'macos', 'windows', 'ios', 'android', 'firefox'] as const;

/** Hex in pairs, as systems show it. */
const inPairs = (hex: string): string => (hex.match(/../g) ?? []).join(':').toUpperCase();

async function readFingerprint(): Promise<string | undefined> {
  const answer = await fetch('/ca.crt');
  if (!answer.ok) return undefined;
  const body = (await answer.text()).replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const der = Uint8Array.from(atob(body), (letter) => letter.codePointAt(0) ?? 0);
  // Browsers hash for pages that they trust only.
  if (crypto.subtle === undefined) return '';
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', der))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** How this browser comes to trust the dashboard's certificate. */
export function TrustPage() {
  const t = useTranslations('trust');
  const [fingerprint, setFingerprint] = useState<string>();
  const [isAbsent, setAbsent] = useState(false);
  useEffect(() => {
    void readFingerprint().then(
      (found) => (found === undefined ? setAbsent(true) : setFingerprint(found)),
      () => setAbsent(true),
    );
  }, []);
  return (
    <>
      <h1 className="text-xl font-semibold">{t('title')}</h1>
      {isAbsent ? <p>{t('absent')}</p> : null}
      {fingerprint === undefined ? null : (
        <>
          <p>{t('text')}</p>
          {fingerprint === '' ? null : (
            <div>
              <p className="font-medium">{t('fingerprint')}</p>
              <code translate="no" className="font-mono text-xs break-all">
                {inPairs(fingerprint)}
              </code>
            </div>
          )}
          <p>{t('compare')}</p>
          <a href="/ca.crt" download="cloudless-ca.crt" className={buttonClasses({ variant: 'primary', className: 'self-start' })}>
            <Download aria-hidden />
            {t('download')}
          </a>
          {SYSTEMS.map((system) => (
            <details key={system} className="rounded-lg border px-3 py-2">
              <summary className="cursor-pointer font-medium">{t(`system.${system}`)}</summary>
              <p className="pt-2">{t(`steps.${system}`)}</p>
            </details>
          ))}
          <p className="text-ink-soft">{t('constrained')}</p>
        </>
      )}
    </>
  );
}
