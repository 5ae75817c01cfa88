import type { IncomingMessage } from 'node:http';
import type { RequestFacts } from './request-facts.ts';

const byStandby = new WeakMap<IncomingMessage, RequestFacts>();

const only = (value: string | readonly string[] | undefined): string => (typeof value === 'string' ? value : '');

/**
 * Notes that a standby passed this request on: it has checked names and encryption, and what its `x-forwarded-*` say is believed. Call it
 * for requests that came over `/peer` alone.
 */
export function noteForwarded(request: IncomingMessage, via: string): void {
  const { headers } = request;
  byStandby.set(request, {
    scheme: only(headers['x-forwarded-proto']) === 'https' ? 'https' : 'http',
    host: headers.host ?? '',
    remoteAddress: only(headers['x-forwarded-for']),
    loopback: false,
    encrypted: true,
    via,
  });
}

/** What a standby said of a request; `undefined` when it came here itself. */
export const findForwarded = (request: IncomingMessage): RequestFacts | undefined => byStandby.get(request);
