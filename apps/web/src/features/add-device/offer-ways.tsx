'use client';

import type { JoinOffer } from '@cloudless/proto';
import { Callout, CodeBlock, Tabs, TabsContent, TabsList, TabsTrigger } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { QrCode } from './qr-code.tsx';
import { readSystem } from './this-system.ts';

const WAYS = ['this', 'phone', 'linux', 'macos', 'windows', 'code', 'headless'] as const;
type Way = (typeof WAYS)[number];

/** The ways in: one command, a code to type, a QR to scan. */
export function OfferWays({ offer }: { readonly offer: JoinOffer }) {
  const t = useTranslations('addDevice');
  return (
    <Tabs defaultValue="this">
      <TabsList aria-label={t('ways')}>
        {WAYS.map((way) => (
          <TabsTrigger key={way} value={way}>
            {t(`way.${way}`)}
          </TabsTrigger>
        ))}
      </TabsList>
      {WAYS.map((way) => (
        <TabsContent key={way} value={way} className="flex flex-col gap-3">
          <WayIn way={way} offer={offer} />
        </TabsContent>
      ))}
    </Tabs>
  );
}

/** The installer alone, without the token behind it: a machine that runs it so shows a code. */
const withoutToken = (command: string): string => command.split(' -s -- ')[0] ?? command;

function WayIn({ way, offer }: { readonly way: Way; readonly offer: JoinOffer }): ReactNode {
  const t = useTranslations('addDevice');
  switch (way) {
    case 'this':
      return (
        <>
          <p className="text-ink-soft">{t('text.this')}</p>
          <WayIn way={readSystem(navigator)} offer={offer} />
        </>
      );
    case 'linux':
    case 'macos':
      return (
        <>
          <p>{t(`text.${way}`)}</p>
          <Command code={offer.command} />
        </>
      );
    case 'windows':
      return (
        <ol className="flex list-decimal flex-col gap-3 pl-5">
          <li className="flex flex-col gap-2">
            {t('text.windows')}
            <Command code="wsl --install -d Debian" label={t('wslCommand')} />
          </li>
          <li>{t('text.windowsDocker')}</li>
          <li className="flex flex-col gap-2">
            {t('text.windowsThen')}
            <Command code={offer.command} />
          </li>
        </ol>
      );
    case 'phone':
      return (
        <>
          <p>{t('text.phone')}</p>
          <QrCode text={offer.url} label={t('qr')} />
        </>
      );
    case 'code':
      return <CodeWay offer={offer} />;
    case 'headless':
      return (
        <>
          <p>{t('text.headless')}</p>
          <Command code={withoutToken(offer.command)} />
          <p>
            {t.rich('text.headlessThen', {
              pair: (chunks) => (
                <Link href="/pair" className="text-accent underline underline-offset-4">
                  {chunks}
                </Link>
              ),
            })}
          </p>
        </>
      );
  }
}

function CodeWay({ offer }: { readonly offer: JoinOffer }) {
  const t = useTranslations('addDevice');
  return (
    <>
      <p>{t('text.code')}</p>
      <p translate="no" className="font-mono text-2xl font-semibold tracking-wider">
        {offer.code}
      </p>
      <Command code={offer.codeCommand} />
      <Callout tone="idle" title={t('codeCare')}>
        <p>{t('codeCareText')}</p>
      </Callout>
    </>
  );
}

function Command({ code, label }: { readonly code: string; readonly label?: string }) {
  const t = useTranslations('addDevice');
  const actions = useTranslations('actions');
  return <CodeBlock code={code} label={label ?? t('command')} copyLabel={actions('copy')} doneLabel={actions('copied')} />;
}
