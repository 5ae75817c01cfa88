import { Activity, House, LayoutGrid, MonitorSmartphone, Rocket, Settings, type LucideIcon } from 'lucide-react';

export type NavPage = {
  readonly href: string;
  readonly key: 'home' | 'devices' | 'apps' | 'deploy' | 'activity' | 'settings';
  readonly icon: LucideIcon;
  /** Goes there after `g`. */
  readonly shortcut: string;
};

/** Every page of the sidebar, in its order. */
export const NAV: readonly NavPage[] = [
  { href: '/', key: 'home', icon: House, shortcut: 'h' },
  { href: '/devices', key: 'devices', icon: MonitorSmartphone, shortcut: 'd' },
  { href: '/apps', key: 'apps', icon: LayoutGrid, shortcut: 'a' },
  { href: '/deploy', key: 'deploy', icon: Rocket, shortcut: 'n' },
  { href: '/activity', key: 'activity', icon: Activity, shortcut: 'e' },
  { href: '/settings', key: 'settings', icon: Settings, shortcut: 's' },
];

export const isCurrent = (href: string, pathname: string): boolean =>
  href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`);
