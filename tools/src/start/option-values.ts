import { isIP } from 'node:net';
import type { Refusal } from './refusal.ts';

type Parsed<T> = { readonly value: T } | Refusal;

/** What apps are served on unless CLOUDLESS_APP_PORTS says otherwise. */
const APP_PORTS = { from: 7700, to: 7999 } as const;

/** A port above `port` that apps do not have. */
export function portAfter(port: number): number {
  const next = port + 10;
  return next >= APP_PORTS.from && next <= APP_PORTS.to ? APP_PORTS.to + 1 : next;
}

/**
 * A TCP port a person can type into a browser: 1 to 65535, in digits.
 *
 * @param appPorts of the environment, where apps are served elsewhere; the coordinator looks at those
 */
export function parsePort(text: string, appPorts?: string): Parsed<number> {
  const port = /^\d{1,5}$/.test(text) ? Number.parseInt(text, 10) : 0;
  if (!appPorts && port >= APP_PORTS.from && port <= APP_PORTS.to)
    return {
      problem: `--port ${port} is one of the ports of apps, ${APP_PORTS.from}–${APP_PORTS.to}`,
      remedy: `use another, such as 7600 or ${portAfter(port)}`,
    };
  if (port >= 1 && port <= 65_535) return { value: port };
  return { problem: `--port ${text} is not a port`, remedy: 'use a number from 1 to 65535; 7600 is the default' };
}

/** An address of this machine, or `localhost`. */
export function parseHost(text: string): Parsed<string> {
  if (text === 'localhost') return { value: '127.0.0.1' };
  if (isIP(text) !== 0) return { value: text };
  return {
    problem: `--host ${text} is not an address`,
    remedy: 'use 127.0.0.1 for this machine only, 0.0.0.0 for the network, or one IP address of this machine',
  };
}

/** Scheme and host that people reach the cluster by; without path, query or credentials, because the gateway owns them. */
export function parsePublicUrl(text: string): Parsed<string> {
  const refuse = (why: string): Refusal => ({
    problem: `--public-url ${text} ${why}`,
    remedy: 'use the like of https://cloudless.example.org',
  });
  const url = URL.parse(text);
  if (url === null) return refuse('is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse('is not http or https');
  if (url.username !== '' || url.password !== '') return refuse('carries a user name or password');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return refuse('carries a path or query, but the cluster owns the whole host');
  return { value: url.origin };
}

/** Where devices reach the cluster: a path is kept, because a proxy may serve them below one. */
export function parseAgentUrl(text: string): Parsed<string> {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '')
    return { value: url.href };
  return { problem: `--agent-url ${text} is no address for devices`, remedy: 'use the like of https://example.org/cloudless' };
}

/** Whether only this machine reaches `host`. */
export function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
