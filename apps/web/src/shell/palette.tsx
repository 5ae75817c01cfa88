'use client';

import { CommandMenu, type CommandGroup } from '@cloudless/ui';
import { LayoutGrid, MonitorSmartphone, Moon, Plus, Sun } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useTheme } from 'next-themes';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { AddDeviceDialog } from '#web/features/add-device/add-device-button.tsx';
import { useNodes, useWorkloads } from '#web/live/use-entities.ts';
import { useMay } from '#web/session/session.tsx';
import { nodeWord } from '#web/states/node-word.ts';
import { NAV } from './nav.ts';
import { useSignOut } from './use-sign-out.ts';

export type PaletteProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly search: string;
  readonly onSearch: (search: string) => void;
};

/** Everything that can be gone to or done, by name. */
export function Palette({ open, onOpenChange, search, onSearch }: PaletteProps) {
  const t = useTranslations('shell');
  const [isAdding, setIsAdding] = useState(false);
  const groups = useGroups(
    () => onOpenChange(false),
    () => setIsAdding(true),
  );
  return (
    <>
      <CommandMenu
        open={open}
        onOpenChange={onOpenChange}
        search={search}
        onSearch={onSearch}
        label={t('palette')}
        placeholder={t('palettePlaceholder')}
        emptyText={t('paletteEmpty')}
        groups={groups}
      />
      {isAdding ? <AddDeviceDialog onClose={() => setIsAdding(false)} /> : null}
    </>
  );
}

function useGroups(close: () => void, addDevice: () => void): readonly CommandGroup[] {
  const t = useTranslations('shell');
  const states = useTranslations('states');
  const device = useTranslations('addDevice');
  const may = useMay();
  const router = useRouter();
  const nodes = useNodes();
  const workloads = useWorkloads();
  const { resolvedTheme, setTheme } = useTheme();
  const signOut = useSignOut();
  const act = (run: () => void) => () => {
    close();
    run();
  };
  const go = (href: string) => act(() => router.push(href));
  const isDark = resolvedTheme === 'dark';
  return [
    {
      heading: t('pages'),
      entries: NAV.map(({ href, key, icon: Icon, shortcut }) => ({
        id: href,
        label: t(`nav.${key}`),
        icon: <Icon aria-hidden />,
        hint: `g ${shortcut}`,
        onSelect: go(href),
      })),
    },
    {
      heading: t('nav.apps'),
      entries: workloads.map(({ id, name, status }) => ({
        id,
        label: name,
        icon: <LayoutGrid aria-hidden />,
        hint: states(`workload.${status.condition}`),
        onSelect: go(`/apps/${id}`),
      })),
    },
    {
      heading: t('nav.devices'),
      entries: nodes.map(({ id, name, state }) => ({
        id,
        label: name,
        icon: <MonitorSmartphone aria-hidden />,
        hint: states(`node.${nodeWord(state)}`),
        onSelect: go(`/devices/${id}`),
      })),
    },
    {
      heading: t('actions'),
      entries: [
        ...(may('node.enrol') ? [{ id: 'add-device', label: device('title'), icon: <Plus aria-hidden />, onSelect: act(addDevice) }] : []),
        {
          id: 'theme',
          label: isDark ? t('toLight') : t('toDark'),
          icon: isDark ? <Sun aria-hidden /> : <Moon aria-hidden />,
          onSelect: act(() => setTheme(isDark ? 'light' : 'dark')),
        },
        { id: 'sign-out', label: t('signOut'), onSelect: act(signOut) },
      ],
    },
  ];
}
