import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Fingerprint } from '@cloudless/proto';

const run = promisify(execFile);
const DEADLINE_MS = 2_000;

/**
 * What NetworkManager knows of the link that is in use: its connection's name and whether it counts as metered (nmcli(1), terse output).
 * Nothing where it does not run.
 */
export async function readNetworkNames(link: Fingerprint['link'], platform: NodeJS.Platform): Promise<Fingerprint['link']> {
  if (platform !== 'linux' || link.type === 'unknown') return link;
  try {
    const { stdout } = await run('nmcli', ['-t', '-f', 'GENERAL.TYPE,GENERAL.CONNECTION,GENERAL.METERED', 'device', 'show'], {
      timeout: DEADLINE_MS,
    });
    return applyNames(link, stdout);
  } catch {
    return link;
  }
}

const TYPES: Readonly<Record<string, string>> = { wifi: 'wifi', wired: 'ethernet', mobile: 'gsm' };

/** Of the first connected device of the link's own type. Pure. */
export function applyNames(link: Fingerprint['link'], text: string): Fingerprint['link'] {
  for (const block of text.split('\n\n')) {
    const field = (name: string): string | undefined =>
      new RegExp(`^GENERAL\\.${name}:(.*)$`, 'm').exec(block)?.[1]?.replaceAll('\\:', ':');
    const name = field('CONNECTION');
    if (field('TYPE') !== TYPES[link.type] || name === undefined || name === '' || name === '--') continue;
    const metered = field('METERED');
    return {
      ...link,
      ...(link.type === 'wifi' ? { name: name.slice(0, 64) } : {}),
      // `yes (guessed)` is NetworkManager's word for a phone's hotspot.
      ...(metered === undefined || metered.startsWith('unknown') ? {} : { metered: metered.startsWith('yes') }),
    };
  }
  return link;
}
