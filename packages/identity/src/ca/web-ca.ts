import { BlockList, isIP, isIPv4 } from 'node:net';
import type { Entropy } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import { createDeviceKey, loadKeyPair } from '../device-key.ts';
import { createAuthority, openSigner, type Authority } from './authority.ts';
import type { Permitted } from '../der.ts';
import { issueLeaf } from './issue-leaf.ts';

/** 90 days: issued anew at each start, and by whoever runs longer. */
export const WEB_CERTIFICATE_LIFE_MS = 90 * 86_400_000;

/** Names that no public authority certifies (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`). */
const PRIVATE_NAMES = ['localhost', 'local', 'internal', 'home.arpa', 'lan'] as const;
/** Loopback, private, link-local and carrier-grade ranges (RFC 1122, 1918, 3927, 6598, 4193, 4291). */
const PRIVATE_RANGES = [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const;

function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [front, back] = [groups(head), groups(tail)];
  const all = address.includes('::') ? [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back] : front;
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function permitRange(address: string, prefix: number): Permitted {
  const bytes = addressBytes(address);
  const mask = Uint8Array.from(bytes, (_byte, index) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - index * 8))));
  return { kind: 'ip', addressAndMask: Uint8Array.from([...bytes, ...mask]) };
}

/**
 * The authority of the dashboard's own HTTPS, apart from the devices'. Who installs it trusts it for private names and addresses and for what is
 * named here, never for the rest of the web.
 *
 * @param options.names further DNS names, for example the host of `--public-url`
 * @param options.ips further addresses, for example a server's public one
 */
export const createWebCa = (options: {
  readonly names?: readonly string[];
  readonly ips?: readonly string[];
  readonly now: number;
  readonly entropy: Entropy;
}): Promise<Authority> =>
  createAuthority({
    subject: 'CN=Cloudless dashboard',
    permitted: [
      ...[...PRIVATE_NAMES, ...(options.names ?? [])].map((name) => ({ kind: 'dns', name }) as const),
      ...PRIVATE_RANGES.map(([address, prefix]) => permitRange(address, prefix)),
      ...(options.ips ?? []).map((address) => permitRange(address, isIPv4(address) ? 32 : 128)),
    ],
    now: options.now,
    entropy: options.entropy,
  });

export type WebCertificate = {
  /** Leaf, then the authority, PEM. */ readonly certificate: string;
  readonly key: string;
  readonly notAfter: number;
};

/** Whether every browser will take a certificate for this name or address from an authority made without further names. */
export function isPrivateName(name: string): boolean {
  if (isIP(name) === 0) return PRIVATE_NAMES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`));
  const ranges = new BlockList();
  for (const [address, prefix] of PRIVATE_RANGES) ranges.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6');
  return ranges.check(name, isIPv4(name) ? 'ipv4' : 'ipv6');
}

/**
 * An HTTPS certificate with a key of its own.
 * @throws CloudlessError `config_invalid` when there is nothing to certify, or an address is none
 */
export async function issueWebCertificate(options: {
  readonly ca: Authority;
  readonly names: readonly string[];
  readonly ips: readonly string[];
  readonly now: number;
  readonly entropy: Entropy;
}): Promise<WebCertificate> {
  const wrong = options.ips.find((address) => isIP(address) === 0);
  if (wrong !== undefined)
    throw new CloudlessError('config_invalid', `"${wrong}" is not an IP address, so no certificate can be issued for it.`);
  const first = options.names[0] ?? options.ips[0];
  if (first === undefined)
    throw new CloudlessError('config_invalid', 'A certificate for the dashboard needs at least one name or address.');
  const key = createDeviceKey();
  const { publicKey } = await loadKeyPair(key);
  const names = [
    ...options.names.map((value) => ({ type: 'dns', value }) as const),
    ...options.ips.map((value) => ({ type: 'ip', value }) as const),
  ];
  const signer = await openSigner(options.ca);
  const leaf = await issueLeaf(
    signer,
    { subject: 'CN=Cloudless', names, publicKey, usage: ['server'], lifeMs: WEB_CERTIFICATE_LIFE_MS },
    options,
  );
  return { certificate: `${leaf.certificate.trim()}\n${options.ca.certificate.trim()}\n`, key, notAfter: leaf.notAfter };
}
