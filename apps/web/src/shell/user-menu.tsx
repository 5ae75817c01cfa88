'use client';

import { Button, DropdownMenu, MenuChoices, MenuLabel, MenuRow, MenuSeparator } from '@cloudless/ui';
import { CircleUser, Keyboard, LogOut, Settings } from 'lucide-react';
import { useLocale, useTranslations } from 'next-intl';
import { useTheme } from 'next-themes';
import { useRouter } from 'next/navigation';
import { useSession } from '#web/session/session.tsx';
import { LOCALE_OPTIONS, useSetLocale } from './language-switch.tsx';
import { useSignOut } from './use-sign-out.ts';

/** Who is signed in; look, language and the way out. */
export function UserMenu({ onShortcuts, compact = false }: { readonly onShortcuts: () => void; readonly compact?: boolean }) {
  const t = useTranslations('shell');
  const { user } = useSession();
  const { theme, setTheme } = useTheme();
  const locale = useLocale();
  const setLocale = useSetLocale();
  const signOut = useSignOut();
  const router = useRouter();
  const trigger = (
    <Button
      variant="ghost"
      aria-label={t('account', { name: user.name })}
      className={compact ? 'size-10 px-0' : 'w-full justify-start px-2'}
    >
      <CircleUser aria-hidden />
      {compact ? null : <span className="truncate">{user.name}</span>}
    </Button>
  );
  const themes = [
    { value: 'system', label: t('themeSystem') },
    { value: 'light', label: t('themeLight') },
    { value: 'dark', label: t('themeDark') },
  ];
  return (
    <DropdownMenu trigger={trigger} align={compact ? 'end' : 'start'}>
      <MenuLabel className="truncate">{user.email}</MenuLabel>
      <MenuRow onSelect={() => router.push('/settings')}>
        <Settings aria-hidden />
        {t('nav.settings')}
      </MenuRow>
      <MenuRow onSelect={onShortcuts} className="max-md:hidden">
        <Keyboard aria-hidden />
        {t('shortcuts')}
      </MenuRow>
      <MenuSeparator />
      <MenuLabel>{t('theme')}</MenuLabel>
      <MenuChoices value={theme ?? 'system'} onValueChange={setTheme} options={themes} />
      <MenuSeparator />
      <MenuLabel>{t('language')}</MenuLabel>
      <MenuChoices value={locale} onValueChange={setLocale} options={LOCALE_OPTIONS} />
      <MenuSeparator />
      <MenuRow onSelect={signOut}>
        <LogOut aria-hidden />
        {t('signOut')}
      </MenuRow>
    </DropdownMenu>
  );
}
