'use client';

import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { LanguageSwitch } from './language-switch.tsx';

/** Pages that stand before sign-in: one narrow column. */
export function DoorFrame({ children }: { readonly children: ReactNode }) {
  const t = useTranslations('shell');
  return (
    <div className="flex min-h-dvh flex-col items-center px-4">
      <div className="flex w-full max-w-sm flex-1 flex-col gap-6 pt-[12vh] pb-8">
        <header>
          <Brand className="text-lg" />
        </header>
        <main className="flex flex-col gap-4">{children}</main>
      </div>
      <footer className="flex w-full max-w-sm items-center justify-between gap-4 pb-6 text-ink-soft">
        <span className="text-xs">{t('description')}</span>
        <LanguageSwitch />
      </footer>
    </div>
  );
}
