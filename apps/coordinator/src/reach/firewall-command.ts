import { existsSync } from 'node:fs';

const FIREWALLS: readonly (readonly [path: string, command: (port: number) => string])[] = [
  ['/usr/sbin/ufw', (port) => `sudo ufw allow ${port}/tcp`],
  ['/usr/bin/firewall-cmd', (port) => `sudo firewall-cmd --permanent --add-port=${port}/tcp && sudo firewall-cmd --reload`],
];

/** What opens the port in the firewall that this machine has; `undefined` when none that we know is there. */
export const findFirewallCommand = (port: number): string | undefined => FIREWALLS.find(([path]) => existsSync(path))?.[1](port);
