'use client';

import { cn } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { ReactNode } from 'react';
import { Brand } from './brand.tsx';
import { isCurrent, NAV } from './nav.ts';

/** The pages, beside the page. `foot` stands at its end. */
export function Sidebar({ search, foot }: { readonly search: ReactNode; readonly foot: ReactNode }) {
  const t = useTranslations('shell');
  const pathname = usePathname();
  return (
    <aside className="sticky top-0 flex h-dvh w-56 shrink-0 flex-col gap-4 border-r bg-sunken px-3 py-4 max-md:hidden">
      <Brand className="px-2" />
      {search}
      <nav aria-label={t('pages')} className="flex flex-col gap-0.5">
        {NAV.map(({ href, key, icon: Icon }) => {
          const current = isCurrent(href, pathname);
          return (
            <Link
              key={key}
              href={href}
              aria-current={current ? 'page' : undefined}
              className={cn(
                'flex h-8 items-center gap-2.5 rounded-md px-2',
                current ? 'bg-raised font-medium text-ink' : 'text-ink-soft hover:bg-raised hover:text-ink',
              )}
            >
              <Icon aria-hidden className={cn('size-4', current && 'text-accent')} />
              {t(`nav.${key}`)}
            </Link>
          );
        })}
      </nav>
      <div className="mt-auto flex flex-col gap-2">{foot}</div>
    </aside>
  );
}

/** The pages, under the thumb. Settings is in the account menu there. */
export function BottomBar() {
  const t = useTranslations('shell');
  const pathname = usePathname();
  return (
    <nav
      aria-label={t('pages')}
      className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-5 border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {NAV.filter(({ key }) => key !== 'settings').map(({ href, key, icon: Icon }) => {
        const current = isCurrent(href, pathname);
        return (
          <Link
            key={key}
            href={href}
            aria-current={current ? 'page' : undefined}
            className={cn(
              'flex h-14 flex-col items-center justify-center gap-0.5 text-xs',
              current ? 'font-medium text-ink' : 'text-ink-soft',
            )}
          >
            <Icon aria-hidden className={cn('size-5', current && 'text-accent')} />
            <span className="max-w-full truncate px-0.5">{t(`nav.${key}`)}</span>
          </Link>
        );
      })}
    </nav>
  );
}
