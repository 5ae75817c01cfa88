import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Without the IPv4-mapped form and the zone: `::ffff:127.0.0.1` is `127.0.0.1`. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');

/** Whether an IP address is this machine's loopback. */
export function isLoopbackAddress(address: string): boolean {
  const plain = plainAddress(address);
  const family = isIP(plain);
  return family !== 0 && loopback.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/** Name and port of a `Host` header, the name in lowercase without brackets and the last dot. `undefined` when it is none. */
export function parseHost(header: string | undefined): { readonly name: string; readonly port: number | undefined } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(header ?? '') ?? [];
  const name = (bracketed ?? plain)?.toLowerCase().replace(/\.$/, '');
  if (name === undefined || name === '' || (bracketed !== undefined && isIP(bracketed) !== 6)) return undefined;
  return { name, port: port === undefined ? undefined : Number(port) };
}

/** `localhost`, its subdomains (RFC 6761 §6.3) and loopback addresses. */
export const isLoopbackName = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);
