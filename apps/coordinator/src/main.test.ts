import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, 'main.ts');

type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** The coordinator as a process of its own. */
function run(environment: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [MAIN], { env: { NODE_ENV: 'test', CLOUDLESS_LOG_LEVEL: 'warn', ...environment } });
  const ready = Promise.withResolvers<{ url: string; claimed: boolean }>();
  const ended = Promise.withResolvers<Ending>();
  let said = '';
  let complaint = '';
  child.stdout.on('data', (chunk) => {
    said += String(chunk);
    const line = said.split('\n').find((text) => text.includes('"coordinator.ready"'));
    if (line !== undefined) ready.resolve(JSON.parse(line) as { url: string; claimed: boolean });
  });
  child.stderr.on('data', (chunk) => (complaint += String(chunk)));
  child.once('exit', (code, signal) => {
    ended.resolve({ code, signal });
    ready.reject(new Error(`ended with ${code ?? signal}: ${complaint}${said}`));
  });
  ready.promise.catch(() => undefined);
  return {
    ready: ready.promise,
    ended: ended.promise,
    complaint: () => complaint,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended.promise;
    },
  };
}

async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), 'cloudless-main-'));
  const environment = { CLOUDLESS_DATA: join(path, 'data'), CLOUDLESS_PORT: '0' };
  return {
    path,
    environment,
    readCode: () => readFile(join(path, 'data/coordinator/claim-code'), 'utf8'),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

describe('the coordinator process', () => {
  it('says where it is ready, and stops cleanly', async () => {
    await using folder = await createFolder();
    await using coordinator = run(folder.environment);
    const { url, claimed } = await coordinator.ready;
    expect(claimed).toBe(false);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    coordinator.kill('SIGTERM');
    expect(await coordinator.ended).toEqual({ code: 0, signal: null });
  });

  it('killed before it is ready starts again, with the same claim code', async () => {
    await using folder = await createFolder();
    await using coordinator = run({ ...folder.environment, CLOUDLESS_TEST_FAULTS: '1', CLOUDLESS_CRASH_AT: 'coordinator.beforeReady' });
    expect(await coordinator.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const code = await folder.readCode();
    await using again = run(folder.environment);
    await again.ready;
    expect(await folder.readCode()).toBe(code);
  });

  it('leaves a join token for this machine, unless it lends nothing', async () => {
    await using folder = await createFolder();
    await using coordinator = run(folder.environment);
    await coordinator.ready;
    const token = join(folder.environment.CLOUDLESS_DATA, 'agent/join-token');
    expect(await readFile(token, 'utf8')).toMatch(/^cl1\./);
    expect((await stat(token)).mode & 0o777).toBe(0o600);
  });

  it('names every mistake of its configuration in a line', async () => {
    await using coordinator = run({ CLOUDLESS_PORT: 'x', CLOUDLESS_APP_PORTS: '1' });
    expect(await coordinator.ended).toMatchObject({ code: 1 });
    expect(coordinator.complaint().trim().split('\n')).toEqual([
      'CLOUDLESS_DATA is not set',
      expect.stringContaining('CLOUDLESS_PORT must be a port'),
      expect.stringContaining('CLOUDLESS_APP_PORTS must be two ports'),
    ]);
  });

  it('names a port that is taken', async () => {
    await using folder = await createFolder();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    await using coordinator = run({ ...folder.environment, CLOUDLESS_PORT: String(port) });
    expect(await coordinator.ended).toMatchObject({ code: 1 });
    expect(coordinator.complaint()).toContain(`Port ${port} on 127.0.0.1 is taken`);
    await new Promise((resolve) => holder.close(resolve));
  });
});
