import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';

/** Names and addresses of this machine as they are now. */
export const readMachine = (): { readonly hostname: string; readonly addresses: readonly string[] } => ({
  hostname: hostname(),
  addresses: Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
});

/** The version of this release. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string'
    ? manifest.version
    : '0.0.0';
}
