import type { IncomingMessage } from 'node:http';
import type { JoinHop } from '@cloudless/proto';
import { DialFailed } from './dial-failed.ts';

const DNS: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']);
const TCP: ReadonlySet<string> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL', 'ENETDOWN']);

const codeOf = (cause: unknown): string => {
  const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : '';
};

const WHAT_TO_DO: Readonly<Partial<Record<JoinHop, string>>> = {
  dns: 'Check the name, and that this machine is online.',
  tcp: 'Check that the coordinator runs, that this machine is in its network, and that no firewall stands between.',
  proxy: 'Check HTTPS_PROXY, or name the coordinator in NO_PROXY.',
  tls: 'Something between the two does not let TLS through: try another network.',
};

/** How a dial went. */
export type Way = {
  readonly url: string;
  /** Without its credentials. */
  readonly proxy: string | undefined;
  /** `watchOuterAuthority`: an authority that nobody but its owner knows certified the outer TLS. */
  readonly authority: string | undefined;
};

/** A connection that did not come about, by the hop that failed. */
export function explainFailure(cause: unknown, way: Way): DialFailed {
  if (cause instanceof DialFailed) return cause;
  const { url, proxy, authority } = way;
  const code = codeOf(cause);
  const said = cause instanceof Error ? cause.message.trim() || code : String(cause);
  if (authority !== undefined) return intercepted(authority, url, said, cause);
  const reach: JoinHop = proxy === undefined ? (DNS.has(code) ? 'dns' : TCP.has(code) ? 'tcp' : 'http') : 'proxy';
  const hop: JoinHop = /^(ERR_(SSL|TLS)|EPROTO|CERT_|DEPTH_)/.test(code) || /wrong version number|tls/i.test(said) ? 'tls' : reach;
  const via = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  const remedy = WHAT_TO_DO[hop];
  const message = `The coordinator at ${url} could not be reached${via}: ${said}.${remedy === undefined ? '' : ` ${remedy}`}`;
  return new DialFailed('path_lost', message, { cause, hop });
}

/** An answer that is no WebSocket: a captive portal, a proxy that refuses, or another program. */
export function explainAnswer(response: Pick<IncomingMessage, 'statusCode' | 'headers'>, { url, proxy, authority }: Way): DialFailed {
  const { statusCode = 0, headers } = response;
  const { host } = new URL(url);
  if (authority !== undefined) return intercepted(authority, url, `it answered ${statusCode} and opened no WebSocket`);
  const target = headers.location !== undefined && URL.canParse(headers.location, url) ? new URL(headers.location, url).host : undefined;
  const isPage = statusCode === 200 && (headers['content-type'] ?? '').startsWith('text/html');
  // 511 is what RFC 6585 has for portals; most send people elsewhere instead.
  if (statusCode === 511 || isPage || (target !== undefined && target !== host)) {
    const where = target === undefined ? '' : ` (it leads to ${target})`;
    return new DialFailed(
      'path_lost',
      `A login page of this network answered in place of ${host}${where}: open a browser on this machine, sign in to the network, then try again.`,
      { hop: 'portal' },
    );
  }
  if (proxy !== undefined) {
    const why = statusCode === 407 ? 'it asks for a user and a password: put them into HTTPS_PROXY' : `it answered ${statusCode}`;
    return new DialFailed('path_lost', `The proxy ${proxy} did not let this device through to ${host}: ${why}.`, { hop: 'proxy' });
  }
  return new DialFailed(
    'path_lost',
    `${url} answered ${statusCode} and opened no WebSocket: check the address, and that the proxy before the coordinator passes WebSockets on.`,
    { hop: 'http' },
  );
}

/**
 * The way was decrypted by somebody else than the coordinator, and did not lead through. A box that decrypts and passes WebSockets on is no
 * failure: what it passes on is the inner TLS.
 */
function intercepted(authority: string, url: string, said: string, cause?: unknown): DialFailed {
  const remedy = `Ask whoever runs this network to let ${new URL(url).host} through undecrypted, or use another network. If ${authority} is of your own proxy, let it pass WebSockets on.`;
  const { origin } = new URL(url.replace(/^ws/, 'http'));
  const more = `More: ${origin}/docs/errors/tls_intercepted`;
  const message = `TLS is intercepted by ${authority} on the way to ${url}, and it does not lead through: ${said}. ${remedy} ${more}`;
  return new DialFailed('path_lost', message, { hop: 'tls', interceptedBy: authority, ...(cause === undefined ? {} : { cause }) });
}
