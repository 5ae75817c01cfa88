import type { Agent } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

/** The proxy that the environment names for a URL (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), without its credentials. */
export function proxyFor(url: string): { readonly agent: Agent; readonly shown: string } | undefined {
  // A proxy elsewhere would look for this machine's own coordinator on itself.
  if (/^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname)) return undefined;
  // The environment knows no WebSocket: what is encrypted goes the way of HTTPS.
  const proxy = getProxyForUrl(url.replace(/^ws/, 'http'));
  if (proxy === '' || !URL.canParse(proxy)) return undefined;
  return { agent: new HttpsProxyAgent(proxy), shown: new URL(proxy).host };
}
