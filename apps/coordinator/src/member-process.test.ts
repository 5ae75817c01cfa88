import { spawn, type ChildProcess } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRqliteDouble } from '@cloudless/db/testing';
import { describe, expect, it } from 'vitest';
import { findFreePort } from './gateway/testing/open-gateway.ts';
import { claim, roleOf, until, type Member } from './testing/open-members.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const PATIENCE_MS = 90_000;

type Program = Pick<Member, 'get' | 'post' | 'name' | 'url'> & {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  complaint(): string;
};

/** Coordinators as processes of their own, on a store in this one. */
async function openPrograms() {
  const root = await mkdtemp(join(tmpdir(), 'cloudless-processes-'));
  const rqlite = await createRqliteDouble({ nodes: 1 });
  const programs: Program[] = [];
  const keyOf = (name: string): string => join(root, name, 'coordinator/master.key');

  async function start(name: string, role: string): Promise<Program> {
    const [first] = programs;
    if (first) {
      await mkdir(join(root, name, 'coordinator'), { recursive: true });
      await copyFile(keyOf(first.name), keyOf(name));
    }
    const port = await findFreePort();
    const url = `http://127.0.0.1:${port}`;
    const child = spawn(process.execPath, [MAIN], {
      env: {
        NODE_ENV: 'test',
        CLOUDLESS_LOG_LEVEL: 'silent',
        CLOUDLESS_DATA: join(root, name),
        CLOUDLESS_PORT: String(port),
        CLOUDLESS_STORE_URL: rqlite.nodes.map((node) => node.url).join(','),
        CLOUDLESS_COORDINATOR_URL: url,
        CLOUDLESS_LOCAL_AGENT: '0',
      },
    });
    const { promise: ended, resolve } = Promise.withResolvers<number | null>();
    child.once('exit', resolve);
    let complaint = '';
    child.stderr.on('data', (chunk) => (complaint += String(chunk)));
    const headers = (cookie: string) => ({ 'content-type': 'application/json', origin: url, cookie });
    const program: Program = {
      name,
      url,
      child,
      ended,
      complaint: () => complaint,
      get: (path, cookie = '') => fetch(`${url}${path}`, { headers: { cookie }, signal: AbortSignal.timeout(5_000) }),
      post: (path, body, cookie = '') => fetch(`${url}${path}`, { method: 'POST', headers: headers(cookie), body: JSON.stringify(body) }),
    };
    programs.push(program);
    await until(`${name} as ${role}`, async () => ((await roleOf(program)) === role ? true : undefined));
    return program;
  }

  return {
    start,
    readCode: (name: string) => readFile(join(root, name, 'coordinator/claim-code'), 'utf8'),
    async [Symbol.asyncDispose]() {
      for (const { child } of programs) child.kill('SIGKILL');
      await Promise.all(programs.map(({ ended }) => ended));
      await rqlite[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

const writeThrough = async (program: Program, cookie: string): Promise<true | undefined> =>
  (await program.post('/api/v1/join-tokens', {}, cookie).catch(() => undefined))?.status === 201 ? true : undefined;

const tokenAt = async (program: Program, cookie: string): Promise<number> =>
  ((await (await program.get('/api/v1/cluster/status', cookie)).json()) as { token: number }).token;

describe('a leader’s process', () => {
  it(
    'that is killed is followed at once, without waiting for its lease',
    async () => {
      await using opened = await openPrograms();
      const attic = await opened.start('attic', 'leader');
      const cellar = await opened.start('cellar', 'standby');
      const cookie = await claim(cellar, await opened.readCode('attic'));
      attic.child.kill('SIGKILL');
      await attic.ended;
      await until('a write through the other', () => writeThrough(cellar, cookie));
      const events = (await (await cellar.get('/api/v1/events', cookie)).json()) as {
        rows: { kind: string; params: { cause?: string } }[];
      };
      const causes = events.rows.filter(({ kind }) => kind === 'cluster.leaderChanged').map(({ params }) => params.cause);
      expect(causes).toEqual(['gone', 'vacant']);
    },
    PATIENCE_MS,
  );

  it(
    'that is paused is replaced when its lease ran out, and writes nothing when it wakes but ends',
    async () => {
      await using opened = await openPrograms();
      const attic = await opened.start('attic', 'leader');
      const cellar = await opened.start('cellar', 'standby');
      const cookie = await claim(cellar, await opened.readCode('attic'));
      attic.child.kill('SIGSTOP');
      await until('a write through the other', () => writeThrough(cellar, cookie));
      const token = await tokenAt(cellar, cookie);
      attic.child.kill('SIGCONT');
      expect(await attic.ended).toBe(75);
      expect(attic.complaint()).toContain('another coordinator took over');
      expect(await tokenAt(cellar, cookie)).toBe(token);
      expect(await writeThrough(cellar, cookie)).toBe(true);
    },
    PATIENCE_MS,
  );
});
