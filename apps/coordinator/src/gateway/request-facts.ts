import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { isLoopbackAddress, plainAddress } from './addresses.ts';
import type { HostPolicy } from './host-policy.ts';

/** What the gateway knows of a request by itself, and believes instead of forwarded headers. */
export type RequestFacts = {
  readonly scheme: 'http' | 'https';
  /** The `Host` header. */
  readonly host: string;
  readonly remoteAddress: string;
  /** Both ends of the connection are this machine's loopback. */
  readonly loopback: boolean;
  readonly encrypted: boolean;
  /** The standby that passed it on, and checked its name. */
  readonly via?: string;
};

export function readFacts(request: IncomingMessage, hosts: HostPolicy): RequestFacts {
  const host = request.headers.host ?? '';
  const encrypted = request.socket instanceof TLSSocket;
  const remoteAddress = plainAddress(request.socket.remoteAddress ?? '');
  const loopback = isLoopbackAddress(remoteAddress) && isLoopbackAddress(request.socket.localAddress ?? '');
  return { scheme: hosts.schemeOf(host, encrypted), host, remoteAddress, loopback, encrypted };
}

const SAFE_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a page of another site caused this request: its `Origin` is not the address it was sent to. Programs send none, and
 * browsers always do with a WebSocket or a changing request (Fetch §3.2).
 */
export function isForeign(request: IncomingMessage, { scheme, host }: RequestFacts): boolean {
  const { origin } = request.headers;
  if (origin !== undefined) return origin.toLowerCase() !== `${scheme}://${host}`.toLowerCase();
  return request.headers['sec-fetch-site'] === 'cross-site';
}

/** Whether it asks for nothing but an answer (RFC 9110 §9.2.1): it may come from anywhere, and be repeated. */
export const isSafe = ({ method }: Pick<IncomingMessage, 'method'>): boolean => SAFE_METHODS.has(method);

export const hasBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
