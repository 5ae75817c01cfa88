/**
 * The link's URL at an address of a coordinator.
 *
 * @param address `host:port`, `[v6]:port`, or a URL whose path is kept: `https://x.example/prefix` gives `wss://x.example/prefix/agent`
 * @returns `undefined` when it is no address
 */
export function toLinkUrl(address: string): string | undefined {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `ws://${address}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const protocol = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[url.protocol];
  if (protocol === undefined || url.hostname === '' || url.username !== '') return undefined;
  const path = url.pathname.replace(/\/+$/, '');
  return `${protocol}//${url.host}${path.endsWith('/agent') ? path : `${path}/agent`}`;
}
