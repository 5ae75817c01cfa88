import type { IncomingMessage, ServerResponse } from 'node:http';
import { CloudlessError } from '@cloudless/proto';
import { findForwarded } from './forwarded.ts';
import { forwardedHeaders, stripForged } from './headers.ts';
import type { HostPolicy } from './host-policy.ts';
import { isForeign, isSafe, readFacts, type RequestFacts } from './request-facts.ts';
import { MAX_BODY_BYTES, type Route } from './routes.ts';

/** Why a request is not served. */
export type Refusal = { readonly error: CloudlessError; readonly status?: number };

/** What every request goes through before its route, on the main port and on those of apps. */
export interface Admission {
  /** Reads what is known of the request, and puts it in place of what the client said of it. */
  admit(request: IncomingMessage): RequestFacts;
  /** Elsewhere than on loopback, people's requests travel encrypted only. @returns whether it was sent there */
  redirectsToTls(facts: RequestFacts, request: IncomingMessage, response: ServerResponse): boolean;
  refuseHost(facts: RequestFacts): Refusal | undefined;
  refuseRequest(request: IncomingMessage, facts: RequestFacts, route: Route): Refusal | undefined;
  refuseUpgrade(request: IncomingMessage, facts: RequestFacts): Refusal | undefined;
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 255));

export const foreignOrigin = (request: IncomingMessage): CloudlessError =>
  new CloudlessError(
    'origin_refused',
    `The request comes from ${quoted(request.headers.origin ?? 'another site')}, not from this dashboard.`,
  );

function refuseBody({ headers }: IncomingMessage, route: Route): Refusal | undefined {
  const limit = MAX_BODY_BYTES[route];
  const length = Number(headers['content-length'] ?? 0);
  if (length > limit)
    return {
      error: new CloudlessError('too_large', `The body has ${length} bytes; at most ${limit} are taken here.`, { params: { limit } }),
    };
  if (headers['transfer-encoding'] === undefined) return undefined;
  return { error: new CloudlessError('too_large', 'The body comes without its length. Send Content-Length.'), status: 411 };
}

export function createAdmission(hosts: HostPolicy): Admission {
  const refuseHost: Admission['refuseHost'] = ({ host, via }) =>
    via !== undefined || hosts.isKnown(host)
      ? undefined
      : { error: new CloudlessError('host_unknown', `This coordinator does not answer to the name ${quoted(host)}.`) };

  return {
    admit(request) {
      const facts = findForwarded(request) ?? readFacts(request, hosts);
      stripForged(request.headers);
      Object.assign(request.headers, forwardedHeaders(facts));
      return facts;
    },
    redirectsToTls({ encrypted, loopback, host }, request, response) {
      if (encrypted || loopback) return false;
      response.writeHead(308, { location: `https://${host}${request.url ?? '/'}`, 'content-length': 0, connection: 'close' });
      response.end();
      return true;
    },
    refuseHost,
    refuseRequest(request, facts, route) {
      const unknown = refuseHost(facts);
      if (unknown) return unknown;
      if (!isSafe(request) && isForeign(request, facts)) return { error: foreignOrigin(request) };
      return refuseBody(request, route);
    },
    refuseUpgrade(request, facts) {
      if (!facts.encrypted && !facts.loopback) return { error: new CloudlessError('forbidden', 'Use wss:// here.'), status: 426 };
      return refuseHost(facts) ?? (isForeign(request, facts) ? { error: foreignOrigin(request) } : undefined);
    },
  };
}
