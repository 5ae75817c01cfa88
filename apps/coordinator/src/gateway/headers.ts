import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { isLoopbackName, parseHost } from './addresses.ts';
import type { RequestFacts } from './request-facts.ts';

/** Headers of one hop (RFC 9110 §7.6.1): never forwarded. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What only a gateway may say: believed downstream, so a client's own is dropped. */
const isGatewayOnly = (name: string): boolean =>
  name.startsWith('x-forwarded-') ||
  name.startsWith('x-middleware-') ||
  name === 'forwarded' ||
  name === 'x-real-ip' ||
  name === 'x-nonce' ||
  name === 'content-security-policy' ||
  name === 'content-security-policy-report-only';

/** Removes, in place, what a client may not say. */
export function stripForged(headers: IncomingHttpHeaders): void {
  for (const name of Object.keys(headers)) if (isGatewayOnly(name)) delete headers[name];
}

/** The headers that this gateway makes of what it knows. */
export const forwardedHeaders = ({ scheme, host, remoteAddress }: RequestFacts): Record<string, string> => ({
  'x-forwarded-for': remoteAddress,
  'x-forwarded-host': host,
  'x-forwarded-proto': scheme,
});

/** Without the headers of one hop, and those that `Connection` names. */
export function withoutHopByHop(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)));
}

/** On every answer of Cloudless itself; not on those of apps. */
export const securityHeaders = ({ scheme, host }: Pick<RequestFacts, 'scheme' | 'host'>): Record<string, string> => ({
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'permissions-policy': 'camera=(self), clipboard-read=(self), clipboard-write=(self), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // HSTS covers every port of the name: a day, never its subdomains, and never `localhost`, where other programs serve plain HTTP.
  ...(scheme === 'https' && !isLoopbackName(parseHost(host)?.name ?? '') ? { 'strict-transport-security': 'max-age=86400' } : {}),
});

/** The policy of the dashboard's pages (CSP 3): only what this origin serves, scripts by nonce. */
export function contentSecurityPolicy(nonce: string, { scheme, host }: Pick<RequestFacts, 'scheme' | 'host'>): string {
  const socket = `${scheme === 'https' ? 'wss' : 'ws'}://${host}`;
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    "font-src 'self'",
    // `'self'` covers the WebSocket too in CSP 3; older Safari needs it named.
    `connect-src 'self' ${socket}`,
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
