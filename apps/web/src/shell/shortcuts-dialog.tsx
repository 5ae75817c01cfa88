'use client';

import { Dialog } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { commandKeyOf } from './command-key.ts';
import { NAV } from './nav.ts';

const Key = ({ children }: { readonly children: ReactNode }) => (
  <kbd className="rounded-sm border border-line-strong bg-sunken px-1.5 font-mono text-xs">{children}</kbd>
);

const Row = ({ keys, text }: { readonly keys: readonly string[]; readonly text: string }) => (
  <div className="flex items-center justify-between gap-4 border-b py-1.5 last:border-b-0">
    <dt>{text}</dt>
    <dd className="flex gap-1">
      {keys.map((key) => (
        <Key key={key}>{key}</Key>
      ))}
    </dd>
  </div>
);

export function ShortcutsDialog({ open, onOpenChange }: { readonly open: boolean; readonly onOpenChange: (open: boolean) => void }) {
  const t = useTranslations('shell');
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('shortcuts')} closeLabel={t('close')}>
      <dl>
        <Row keys={[t(`commandKey.${commandKeyOf(navigator.userAgent)}`), 'K']} text={t('palette')} />
        <Row keys={['/']} text={t('focusFilter')} />
        <Row keys={['?']} text={t('shortcuts')} />
        {NAV.map(({ key, shortcut }) => (
          <Row key={key} keys={['g', shortcut]} text={t('goTo', { page: t(`nav.${key}`) })} />
        ))}
      </dl>
    </Dialog>
  );
}
