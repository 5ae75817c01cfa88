import type { Product } from './product.ts';

/** The first owner of a product that a test or benchmark claims. */
export const OWNER = { name: 'Ada Owner', email: 'ada@example.test', password: 'correct horse battery' } as const;

async function call(product: Pick<Product, 'url'>, procedure: string, input: object, cookie?: string): Promise<Response> {
  const response = await fetch(`${product.url}/trpc/${procedure}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: product.url, ...(cookie === undefined ? {} : { cookie }) },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) throw new Error(`${procedure} answered ${response.status}: ${await response.text()}`);
  return response;
}

/** Claims the cluster with its one-time code; returns the session cookie. */
export async function claimByApi(product: Pick<Product, 'url' | 'claimCode'>): Promise<string> {
  const response = await call(product, 'claim.submit', { code: await product.claimCode(), ...OWNER });
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ');
}

/** Makes an API token with the owner's session, as Settings does. */
export async function createToken(product: Pick<Product, 'url'>, cookie: string, scope: 'read' | 'write'): Promise<string> {
  const response = await call(product, 'token.create', { name: `${scope} token`, scope }, cookie);
  return ((await response.json()) as { result: { data: { token: string } } }).result.data.token;
}
