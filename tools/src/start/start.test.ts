import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTemporaryFolder, type TemporaryFolder } from '../programs/temporary-folder.ts';
import { freePort } from './listen-check.ts';
import { plantCheckout } from './planted-checkout.ts';

type Started = { readonly child: ChildProcess; output(): string; pid(part: string): number };

describe('npm start', () => {
  let tree: TemporaryFolder;
  const folder = createTemporaryFolder('start');
  const data = folder.path;
  let port = 0;
  beforeAll(async () => {
    tree = plantCheckout();
    port = await freePort();
  });
  afterAll(() => {
    tree[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  function start(...flags: readonly string[]): Started {
    const argv = [join(tree.path, 'tools', 'src', 'start.ts'), '--data', data, '--port', String(port), '--no-agent', ...flags];
    const child = spawn(process.execPath, argv, { cwd: tree.path, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return { child, output: () => text, pid: (part) => Number.parseInt(readFileSync(join(data, 'run', `${part}.pid`), 'utf8'), 10) };
  }
  async function until(what: () => boolean): Promise<void> {
    await expect.poll(what, { timeout: 20_000, interval: 50 }).toBe(true);
  }
  const isRunning = (pid: number): boolean => {
    try {
      // A zombie still takes signals; one that is nobody's child is gone at once.
      process.kill(pid, 0);
      return !existsSync('/proc/self/stat') || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    } catch {
      return false;
    }
  };
  async function ended({ child }: Started): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

  test(
    'prints address and claim code, refuses a second on the same data, and ends with its parts on Ctrl-C',
    { timeout: 60_000 },
    async () => {
      const first = start();
      await until(() => first.output().includes('Ctrl-C stops'));
      expect(first.output()).toContain(`http://localhost:${port}`);
      expect(first.output()).toContain('ABCD-EFGH');
      const pids = ['coordinator', 'web'].map((part) => first.pid(part));

      const second = start();
      expect(await ended(second)).toBe(1);
      expect(second.output()).toContain(`already runs on ${data} (pid ${first.child.pid})`);

      first.child.kill('SIGINT');
      expect(await ended(first)).toBe(0);
      expect(pids.filter(isRunning)).toEqual([]);
      expect(existsSync(join(data, 'run', 'lock'))).toBe(false);
    },
  );

  test('starts a part again that was killed, and clears what a killed supervisor left', { timeout: 60_000 }, async () => {
    const first = start();
    await until(() => first.output().includes('Ctrl-C stops'));
    const web = first.pid('web');
    process.kill(web, 'SIGKILL');
    await until(() => existsSync(join(data, 'run', 'web.pid')) && first.pid('web') !== web);
    expect(first.output()).toContain('web was ended by SIGKILL');

    const left = first.pid('coordinator');
    first.child.kill('SIGKILL');
    await ended(first);
    expect(isRunning(left)).toBe(true);
    const next = start();
    await until(() => next.output().includes('Ctrl-C stops'));
    expect(isRunning(left)).toBe(false);
    expect(next.output()).not.toContain('Building');
    next.child.kill('SIGTERM');
    expect(await ended(next)).toBe(0);
  });
});
