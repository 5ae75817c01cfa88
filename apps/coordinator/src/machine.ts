import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Names and addresses of this machine as they are now. */
export const readMachine = (): { readonly hostname: string; readonly addresses: readonly string[] } => ({
  hostname: hostname(),
  addresses: Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
});

/** Bridges of engines and virtual machines: no other machine is behind them. */
const VIRTUAL = /^(docker|br-|veth|virbr|cni|podman|lxc|vnet|dk)\d*/;

/** Addresses that lead nowhere from another machine, as they are now. */
export const readVirtualAddresses = (): readonly string[] =>
  Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    VIRTUAL.test(name) ? (addresses ?? []).map(({ address }) => address) : [],
  );

/** What devices are served that have no Node.js: this process' own. */
export const readNode = () => ({
  platform: `${process.platform}-${process.arch}`,
  binary: process.execPath,
  version: process.versions.node,
});

/** Names each published Node.js with its integrity. */
export const LOCKFILE = fileURLToPath(new URL('../../../package-lock.json', import.meta.url));

/** The version of this release. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string'
    ? manifest.version
    : '0.0.0';
}
