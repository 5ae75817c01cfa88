'use client';

// First of all that is inside: schemas are made with it.
import './zod-without-eval.ts';
import { Button, IconButton, Skeleton } from '@cloudless/ui';
import { Search } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useCallback, useState, type ReactNode } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { Gate } from '#web/session/gate.tsx';
import { commandKeyOf } from './command-key.ts';
import { Frame } from './frame.tsx';
import { LazyPalette } from './lazy-palette.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { Notices } from './notices.tsx';
import { ShortcutsDialog } from './shortcuts-dialog.tsx';
import { UserMenu } from './user-menu.tsx';
import { useShortcuts } from './use-shortcuts.ts';

const Waiting = () => (
  <Frame>
    <div className="flex flex-col gap-6">
      <Skeleton className="h-8 w-56" />
      <Skeleton className="h-40 w-full" />
    </div>
  </Frame>
);

function FailingTitle() {
  const t = useTranslations('shell');
  return <h1 className="sr-only">{t('brand')}</h1>;
}

/** Everything behind the door: navigation, live mark, palette, and the page. */
export function Shell({ hasSession, children }: { readonly hasSession: boolean; readonly children: ReactNode }) {
  return (
    <Gate
      hasSession={hasSession}
      waiting={<Waiting />}
      failing={(failure, retry) => (
        <Frame>
          <FailingTitle />
          <FailureCallout failure={failure} onRetry={retry} />
        </Frame>
      )}
    >
      <Inside>{children}</Inside>
    </Gate>
  );
}

function Inside({ children }: { readonly children: ReactNode }) {
  const t = useTranslations('shell');
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const onPalette = useCallback(() => setPaletteOpen((open) => !open), []);
  const onHelp = useCallback(() => setHelpOpen(true), []);
  useShortcuts({ onPalette, onHelp });
  const search = (
    <Button onClick={onPalette} className="justify-start bg-surface px-2 font-normal text-ink-soft">
      <Search aria-hidden />
      <span className="flex-1 text-left">{t('search')}</span>
      <kbd className="font-mono text-xs">{t(`commandKey.${commandKeyOf(navigator.userAgent)}`)} K</kbd>
    </Button>
  );
  const foot = (
    <>
      <LiveIndicator className="px-2" />
      <UserMenu onShortcuts={onHelp} />
    </>
  );
  const tools = (
    <>
      <LiveIndicator className="mr-1" />
      <IconButton label={t('search')} size="lg" icon={<Search aria-hidden />} onClick={onPalette} />
      <UserMenu onShortcuts={onHelp} compact />
    </>
  );
  return (
    <Frame search={search} foot={foot} tools={tools} notices={<Notices />}>
      {children}
      <LazyPalette open={isPaletteOpen} onOpenChange={setPaletteOpen} />
      <ShortcutsDialog open={isHelpOpen} onOpenChange={setHelpOpen} />
    </Frame>
  );
}
