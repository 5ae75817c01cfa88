import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTemporaryFolder, type TemporaryFolder } from '../programs/temporary-folder.ts';
import { MEMBERS } from './cluster-plans.ts';
import { checkPort, freePort } from './listen-check.ts';
import { plantCheckout } from './planted-checkout.ts';

/** Stands for rqlited: listens where it is told, and says whether it is ready. */
const rqlited = (status: number): string => `#!${process.execPath}
const [host, port] = process.argv[process.argv.indexOf('-http-addr') + 1].split(':');
require('node:http').createServer((_, response) => response.writeHead(${status}).end()).listen(Number(port), host);
`;

/** The first of some ports in a row that are free. */
async function freeRow(length: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const row = await Promise.all(Array.from({ length }, (_, index) => checkPort('127.0.0.1', first + index)));
    if (row.every((taken) => taken === undefined)) return first;
  }
}

describe('npm run cluster', () => {
  let tree: TemporaryFolder;
  beforeAll(() => {
    tree = plantCheckout();
  });
  afterAll(() => tree[Symbol.dispose]());

  async function prepare(storeStatus: number) {
    const folder = createTemporaryFolder('cluster');
    const program = join(folder.path, 'rqlited');
    writeFileSync(program, rqlited(storeStatus));
    chmodSync(program, 0o700);
    const first = await freeRow(MEMBERS * 3);
    const flags = ['--data', join(folder.path, 'data'), '--port', String(first), '--store-port', String(first + MEMBERS)];
    function start() {
      const argv = [join(tree.path, 'tools', 'src', 'cluster.ts'), ...flags];
      const child = spawn(process.execPath, argv, {
        cwd: tree.path,
        env: { ...process.env, RQLITED: program },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const exit = once(child, 'exit').then(([code]) => code as number | null);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      return { child, exit, output: () => output };
    }
    const pidFile = (part: string): string => join(folder.path, 'data', 'run', `${part}.pid`);
    return { start, pidFile, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  }
  async function until(what: () => boolean): Promise<void> {
    await expect.poll(what, { timeout: 60_000, interval: 50 }).toBe(true);
  }

  test('stops quietly while its store is not ready yet', { timeout: 120_000 }, async () => {
    using prepared = await prepare(503);
    const started = prepared.start();
    await until(() => existsSync(prepared.pidFile('store-3')));
    started.child.kill('SIGINT');
    expect(await started.exit).toBe(0);
    expect(started.output().trim().split('\n').at(-1)).toBe('Stopping …');
    expect(existsSync(prepared.pidFile('store-3'))).toBe(false);
  });

  test('clears what a killed one left, and starts', { timeout: 120_000 }, async () => {
    using prepared = await prepare(200);
    const first = prepared.start();
    await until(() => first.output().includes('Ctrl-C stops'));
    const left = readFileSync(prepared.pidFile('store-1'), 'utf8');
    first.child.kill('SIGKILL');
    await first.exit;
    const next = prepared.start();
    await until(() => next.output().includes('Ctrl-C stops'));
    expect(readFileSync(prepared.pidFile('store-1'), 'utf8')).not.toBe(left);
    next.child.kill('SIGTERM');
    expect(await next.exit).toBe(0);
  });
});
