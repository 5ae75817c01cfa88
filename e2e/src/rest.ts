import { expect } from '@playwright/test';
import type { CloudlessNode, Workload } from '@cloudless/proto';
import type { Product } from '@cloudless/tools/product';

export type Answer<T = unknown> = { readonly status: number; readonly headers: Headers; readonly body: T };
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly id: string;
  readonly issues?: readonly { path: string; message: string }[];
};

/** Calls REST as a program would: bearer token, JSON both ways. */
export interface RestClient {
  call<T = unknown>(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer<T>>;
}

export function createRestClient(product: Product, token: string | undefined): RestClient {
  return {
    async call<T>(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
      const response = await fetch(`${product.url}/api/v1${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(20_000),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: (text === '' ? undefined : JSON.parse(text)) as T };
    },
  };
}

/** Waits until the product's own device can run containers. */
export async function untilDeviceReady(rest: RestClient): Promise<CloudlessNode> {
  let device: CloudlessNode | undefined;
  await expect
    .poll(
      async () => {
        const { body } = await rest.call<{ rows: CloudlessNode[] }>('GET', '/nodes');
        device = body.rows[0];
        return device?.state.word;
      },
      { message: 'the device comes online', timeout: 30_000 },
    )
    .toBe('online');
  if (device === undefined) throw new Error('no device');
  return device;
}

/** Waits until the app's status satisfies `is`, and returns it. */
export async function untilWorkload(
  rest: RestClient,
  id: string,
  what: string,
  is: (workload: Workload) => boolean,
  timeout = 60_000,
): Promise<Workload> {
  let last: Workload | undefined;
  await expect
    .poll(
      async () => {
        // A coordinator that was killed is away for a moment.
        const answer = await rest.call<Workload>('GET', `/workloads/${id}`).catch(() => undefined);
        if (answer === undefined) return 'the coordinator does not answer';
        last = answer.body;
        return is(last) ? 'reached' : `${last.status?.condition}: ${last.status?.cause.message}`;
      },
      { message: what, timeout },
    )
    .toBe('reached');
  if (last === undefined) throw new Error('no workload');
  return last;
}
