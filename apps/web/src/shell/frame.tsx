'use client';

import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { BottomBar, Sidebar } from './sidebar.tsx';

export type FrameProps = {
  readonly search?: ReactNode;
  /** At the end of the sidebar. */
  readonly foot?: ReactNode;
  /** At the end of the phone's top bar. */
  readonly tools?: ReactNode;
  /** Above the page. */
  readonly notices?: ReactNode;
  readonly children: ReactNode;
};

/** What stands around every page. */
export function Frame({ search, foot, tools, notices, children }: FrameProps) {
  const t = useTranslations('shell');
  return (
    <div className="flex min-h-dvh">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus-visible:not-sr-only focus-visible:fixed focus-visible:top-2 focus-visible:left-2"
      >
        {t('skip')}
      </a>
      <Sidebar search={search} foot={foot} />
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-20 flex h-12 items-center justify-between gap-2 border-b bg-canvas px-4 md:hidden">
          <Brand />
          <div className="flex min-w-0 items-center gap-1">{tools}</div>
        </header>
        {notices}
        <main
          id="main"
          tabIndex={-1}
          className="mx-auto w-full max-w-6xl min-w-0 flex-1 px-4 pt-4 pb-24 outline-none md:px-8 md:pt-7 md:pb-12"
        >
          {children}
        </main>
      </div>
      <BottomBar />
    </div>
  );
}
