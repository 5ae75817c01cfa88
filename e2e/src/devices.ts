import { expect } from '@playwright/test';
import type { CloudlessNode, JoinOffer } from '@cloudless/proto';
import type { Machine } from '@cloudless/tools/machines';
import { claimByApi, createToken, startProduct, type Product } from '@cloudless/tools/product';
import { createRestClient, untilDeviceReady, type RestClient } from './rest.ts';

export type Cluster = { readonly product: Product; readonly rest: RestClient; readonly token: string };
export type ClusterOptions = {
  readonly port?: number;
  readonly dataFolder?: string;
  readonly host?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Of a cluster that has an owner. */ readonly token?: string;
};

/** A product that its network reaches, with its owner and its own device. */
export async function startCluster(
  flags: readonly string[] = [],
  { host = '0.0.0.0', token: known, ...place }: ClusterOptions = {},
): Promise<Cluster & AsyncDisposable> {
  const product = await startProduct({ ...place, flags: ['--host', host, ...flags] });
  const token = known ?? (await createToken(product, await claimByApi(product), 'write'));
  const rest = createRestClient(product, token);
  await untilDeviceReady(rest);
  return { product, rest, token, [Symbol.asyncDispose]: () => product[Symbol.asyncDispose]() };
}

export const createOffer = async (rest: RestClient, terms: object = {}): Promise<JoinOffer> =>
  (await rest.call<JoinOffer>('POST', '/join-tokens', terms)).body;

export const findNode = async (rest: RestClient, name: string): Promise<CloudlessNode | undefined> =>
  (await rest.call<{ rows: CloudlessNode[] }>('GET', '/nodes')).body.rows.find((node) => node.name === name);

/** Waits until the device is as said. */
export async function untilNode(
  rest: RestClient,
  name: string,
  what: string,
  is: (node: CloudlessNode | undefined) => boolean,
  timeout = 30_000,
): Promise<void> {
  await expect
    .poll(
      async () => {
        const node = await findNode(rest, name);
        return is(node) ? 'reached' : `${node?.state.word ?? 'absent'}: ${node?.state.cause.message ?? ''}`;
      },
      { message: what, timeout, intervals: [50] },
    )
    .toBe('reached');
}

/** Runs the dialog's own command on a machine. @returns ms until it had ended */
export async function joinByCommand(machine: Machine, command: string): Promise<number> {
  const ran = await machine.run(['sh', '-c', command]);
  expect(ran.exitCode, ran.output).toBe(0);
  return ran.durationMs;
}
