import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopback } from './option-values.ts';
import { localHost } from './part-plans.ts';

export type Address = { readonly host: string; readonly port: number };

const ASK_MS = 2000;

/** Status that `path` answers with, 0 when nobody answers. Off loopback the certificate may be our own: only liveness is asked. */
export function statusOf({ host, port }: Address, path: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const local = localHost(host);
  const options = {
    host: local.replaceAll(/[[\]]/g, ''),
    port,
    path,
    signal: AbortSignal.timeout(ASK_MS),
    headers: { host: `${local}:${port}` },
  };
  const asked = isLoopback(local) || local === '[::1]' ? requestPlain(options) : requestTls({ ...options, rejectUnauthorized: false });
  asked.on('response', (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  asked.on('error', () => resolve(0));
  asked.end();
  return promise;
}

/**
 * Waits until the gateway and, through it, the dashboard answer.
 *
 * @param isAlive whether it is still worth waiting
 * @returns `ready`, or why not
 */
export async function untilReady(address: Address, deadlineMs: number, isAlive: () => boolean): Promise<'ready' | 'ended' | 'timeout'> {
  const deadline = AbortSignal.timeout(deadlineMs);
  while (!deadline.aborted) {
    if ((await statusOf(address, '/readyz')) === 200) return 'ready';
    if (!isAlive()) return 'ended';
    await sleep(100);
  }
  return 'timeout';
}
