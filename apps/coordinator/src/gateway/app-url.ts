import type { IncomingHttpHeaders } from 'node:http';
import { parseHost } from './addresses.ts';

/**
 * The stable URL of an app as whoever asks reaches it: the same scheme and name, the app's own port.
 *
 * @param headers of a request that the gateway admitted, whose `x-forwarded-*` it made itself
 */
export function appUrl(
  headers: Pick<IncomingHttpHeaders, 'host'> & Readonly<Partial<Record<'x-forwarded-proto', IncomingHttpHeaders[string]>>>,
  gatewayPort: number,
): string {
  const name = parseHost(headers.host)?.name ?? '127.0.0.1';
  return `${headers['x-forwarded-proto'] === 'https' ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${gatewayPort}/`;
}
