import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRealClock } from '@cloudless/kernel/node';
import { Agent, fetch } from 'undici';
import type { RqliteCluster, RqliteClusterNode } from '../rqlite-cluster.ts';

const clock = createRealClock();

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** How to ask nodes that serve HTTPS: PEM texts. */
export type ClientTls = { readonly ca: string; readonly cert?: string; readonly key?: string };

async function untilReady(url: string, process: ChildProcess, dispatcher: Agent): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (process.exitCode !== null) throw new Error(`rqlited ended with code ${process.exitCode}`);
    const isReady = await fetch(`${url}/readyz`, { dispatcher }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await clock.sleep(50);
  }
  throw new Error(`${url} was not ready within 10 s`);
}

type Running = RqliteClusterNode & { readonly process: ChildProcess };

export type RqlitedOptions = {
  /** Of each node. */
  readonly flags?: readonly string[];
  /** Says that the flags make it HTTPS. */
  readonly tls?: ClientTls;
  /** Address of this machine at which nodes are asked; among themselves they are on the loopback. */
  readonly host?: string | undefined;
};

/** A cluster of real nodes, in a folder that goes with it. */
export async function startRqlited(program: string, nodes: 1 | 3, options: RqlitedOptions = {}): Promise<RqliteCluster> {
  const { flags = [], tls, host = '127.0.0.1' } = options;
  const dispatcher = new Agent({ connect: { ...tls } });
  const folder = mkdtempSync(join(tmpdir(), 'cloudless-rqlited-'));
  const running: Running[] = [];
  const ports = await Promise.all(Array.from({ length: nodes * 2 }, freePort));
  const join3 = Array.from({ length: nodes }, (_, index) => `127.0.0.1:${ports[index * 2 + 1]}`).join(',');
  for (let index = 0; index < nodes; index += 1) {
    const [http, raft] = [`${host}:${ports[index * 2]}`, `127.0.0.1:${ports[index * 2 + 1]}`];
    const clustering = nodes === 1 ? [] : ['-bootstrap-expect', String(nodes), '-join', join3];
    const args = ['-node-id', `n${index}`, '-http-addr', http, '-raft-addr', raft, ...clustering, ...flags, join(folder, `n${index}`)];
    running.push({ id: `n${index}`, url: `${tls ? 'https' : 'http'}://${http}`, process: spawn(program, args, { stdio: 'ignore' }) });
  }
  await Promise.all(running.map(({ url, process }) => untilReady(url, process, dispatcher)));

  async function findLeader(): Promise<Running> {
    for (const { url } of running) {
      const body = await fetch(`${url}/nodes?ver=2`, { dispatcher }).then(
        (response) => response.json() as Promise<{ nodes: { id: string; leader: boolean }[] }>,
        () => undefined,
      );
      const found = running.find(({ id }) => id === body?.nodes.find(({ leader }) => leader)?.id);
      if (found) return found;
    }
    throw new Error('the cluster has no leader');
  }
  const end = async ({ process }: Running): Promise<void> => {
    if (process.exitCode !== null || process.signalCode !== null) return;
    const exited = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGKILL');
    await exited;
  };

  return {
    nodes: running,
    leader: findLeader,
    async changeLeader() {
      const leader = await findLeader();
      await fetch(`${leader.url}/leader?wait`, { method: 'POST', dispatcher });
    },
    async killLeader() {
      await end(await findLeader());
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map(end));
      await dispatcher.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
