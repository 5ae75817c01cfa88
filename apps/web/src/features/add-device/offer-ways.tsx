'use client';

import type { JoinOffer } from '@cloudless/proto';
import { Callout, CodeBlock, Tabs, TabsContent, TabsList, TabsTrigger } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useState, type ReactNode } from 'react';
import { useCopyLabels } from '#web/live/use-copy-labels.ts';
import { installOnly } from './join-steps.ts';
import { QrCode } from './qr-code.tsx';
import { readThisComputer } from './this-computer.ts';

const WAYS = ['linux', 'macos', 'windows', 'phone', 'code', 'headless'] as const;

/** The ways in: one command, a code to type, a QR to scan. The computer in front of the person comes first. */
export function OfferWays({ offer }: { readonly offer: JoinOffer }) {
  const t = useTranslations('addDevice');
  const [system] = useState(readThisComputer);
  return (
    <Tabs defaultValue={system === undefined ? 'linux' : 'this'}>
      <TabsList aria-label={t('ways')}>
        {system === undefined ? null : <TabsTrigger value="this">{t('way.this')}</TabsTrigger>}
        {WAYS.map((way) => (
          <TabsTrigger key={way} value={way}>
            {t(`way.${way}`)}
          </TabsTrigger>
        ))}
      </TabsList>
      {system === undefined ? null : (
        <TabsContent value="this" className="flex flex-col gap-3">
          <p className="font-medium">{t('text.this', { system: t(`way.${system}`) })}</p>
          <Way way={system} offer={offer} />
        </TabsContent>
      )}
      {WAYS.map((way) => (
        <TabsContent key={way} value={way} className="flex flex-col gap-3">
          <Way way={way} offer={offer} />
        </TabsContent>
      ))}
    </Tabs>
  );
}

function Way({ way, offer }: { readonly way: (typeof WAYS)[number]; readonly offer: JoinOffer }): ReactNode {
  const t = useTranslations('addDevice');
  switch (way) {
    case 'linux':
    case 'macos':
      return (
        <>
          <p>{t(`text.${way}`)}</p>
          <Code code={offer.command} />
        </>
      );
    case 'windows':
      return (
        <>
          <p>{t('text.windows')}</p>
          <Code code="wsl --install -d Debian" label={t('wsl')} />
          <p>{t('text.windowsThen')}</p>
          <Code code={offer.command} />
        </>
      );
    case 'phone':
      return (
        <>
          <p>{t('text.phone')}</p>
          <QrCode text={offer.url} label={t('qr')} />
        </>
      );
    case 'code':
      return (
        <>
          <p>{t('text.code')}</p>
          <p translate="no" className="font-mono text-2xl font-semibold tracking-wider">
            {offer.code}
          </p>
          <Code code={offer.codeCommand} />
          <Callout tone="idle" title={t('codeCare')}>
            <p>{t('codeCareText')}</p>
          </Callout>
        </>
      );
    case 'headless': {
      const command = installOnly(offer.command);
      return (
        <>
          <p>{t('text.headless')}</p>
          {command === undefined ? null : <Code code={command} />}
          <Link href="/pair" className="self-start text-accent underline">
            {t('toPair')}
          </Link>
        </>
      );
    }
  }
}

function Code({ code, label }: { readonly code: string; readonly label?: string }) {
  const own = useTranslations('addDevice');
  return <CodeBlock code={code} label={label ?? own('command')} copyLabels={useCopyLabels()} />;
}

/** From where the command works; said before somebody tries in vain. */
export function ReachNote({ reach }: { readonly reach: JoinOffer['reach'] }) {
  const t = useTranslations('addDevice');
  const copyLabels = useCopyLabels();
  if (reach.kind === 'anywhere') return <p className="text-sm text-ink-soft">{t('reach.anywhere')}</p>;
  if (reach.kind === 'machine')
    return (
      <Callout tone="warn" title={t('reach.machine')}>
        <div className="flex flex-col gap-2">
          <p>{t('reach.machineText')}</p>
          <CodeBlock code="npm start -- --host 0.0.0.0" label={t('hostCommand')} copyLabels={copyLabels} />
        </div>
      </Callout>
    );
  return (
    <div className="flex flex-col gap-2 text-sm text-ink-soft">
      <p>{t('reach.network')}</p>
      {reach.publicUrl?.state === 'failed' ? <p>{reach.publicUrl.message}</p> : null}
      {reach.firewallCommand === undefined ? null : (
        <>
          <p>{t('reach.firewall')}</p>
          <CodeBlock code={reach.firewallCommand} label={t('firewall')} copyLabels={copyLabels} />
        </>
      )}
    </div>
  );
}
