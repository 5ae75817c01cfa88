import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { rqlited, startRqlited } from '@cloudless/db/testing';
import { figuresOf, type Measure, type Result } from './figures.ts';

const TURNS = 20;
const COORDINATORS = 3;
const GOALS = { killed: 2_000, stopped: 1_000 } as const;
const WAIT_MS = 60_000;
const MAIN = join(import.meta.dirname, '..', '..', 'apps', 'coordinator', 'src', 'main.ts');
const OWNER = { name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' };

type Seat = { readonly folder: string; readonly port: number; readonly url: string; child: ChildProcess };

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** The coordinator alone, as its supervisor would start it. */
function start({ folder, port, url }: Omit<Seat, 'child'>, storeUrl: string): ChildProcess {
  const environment = {
    CLOUDLESS_DATA: folder,
    CLOUDLESS_PORT: String(port),
    CLOUDLESS_STORE_URL: storeUrl,
    CLOUDLESS_COORDINATOR_URL: url,
    CLOUDLESS_LOCAL_AGENT: '0',
    CLOUDLESS_LOG_LEVEL: 'silent',
  };
  return spawn(process.execPath, [MAIN], { stdio: 'ignore', env: { ...process.env, NODE_ENV: 'production', ...environment } });
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = performance.now() + WAIT_MS;
  while (performance.now() < giveUpAt) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
    await pause(5);
  }
  throw new Error(`${what} did not come about within ${WAIT_MS / 1000} s`);
}

const roleAt = async ({ url }: Pick<Seat, 'url'>): Promise<string | undefined> => {
  const answer = await fetch(`${url}/readyz`);
  return answer.ok ? ((await answer.json()) as { role: string }).role : undefined;
};
const untilReady = (seat: Pick<Seat, 'url'>): Promise<string> => until(`${seat.url} ready`, () => roleAt(seat));

async function openCluster(program: string) {
  const root = mkdtempSync(join(tmpdir(), 'cloudless-takeover-'));
  const store = await startRqlited(program, 3);
  const storeUrl = store.nodes.map(({ url }) => url).join(',');
  const seats: Seat[] = [];
  for (let index = 0; index < COORDINATORS; index += 1) {
    const folder = join(root, `c${index}`);
    mkdirSync(join(folder, 'coordinator'), { recursive: true });
    if (index > 0) copyFileSync(join(root, 'c0/coordinator/master.key'), join(folder, 'coordinator/master.key'));
    const port = await freePort();
    const seat = { folder, port, url: `http://127.0.0.1:${port}` };
    seats.push({ ...seat, child: start(seat, storeUrl) });
    await untilReady(seat);
  }
  const [first] = seats;
  if (!first) throw new Error('a cluster has a coordinator');
  const code = readFileSync(join(first.folder, 'coordinator/claim-code'), 'utf8').trim();
  const claimed = await fetch(`${first.url}/trpc/claim.submit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: first.url },
    body: JSON.stringify({ ...OWNER, code }),
  });
  const cookie = claimed.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  return {
    seats,
    storeUrl,
    /** One write through a coordinator; `undefined` when it was refused. */
    async write({ url }: Seat): Promise<true | undefined> {
      const answer = await fetch(`${url}/api/v1/join-tokens`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: url, cookie },
        body: '{}',
      });
      return answer.status === 201 ? true : undefined;
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of seats) child.kill('SIGKILL');
      await store[Symbol.asyncDispose]();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Ends the leader `signal` again and again. @returns ms from the signal to a write through another coordinator, each */
async function endLeaders(cluster: Awaited<ReturnType<typeof openCluster>>, signal: NodeJS.Signals): Promise<number[]> {
  const samples: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const roles = await Promise.all(cluster.seats.map(untilReady));
    const leader = cluster.seats[roles.indexOf('leader')];
    const other = cluster.seats.find((seat) => seat !== leader);
    if (!leader || !other) throw new Error(`no leader among ${roles.join(', ')}`);
    await until('a write before the fault', () => cluster.write(other));
    const exited = new Promise((resolve) => leader.child.once('exit', resolve));
    const beganAt = performance.now();
    leader.child.kill(signal);
    await until('a write after the fault', () => cluster.write(other));
    samples.push(performance.now() - beganAt);
    await exited;
    leader.child = start(leader, cluster.storeUrl);
  }
  return samples;
}

function measureOf(name: string, samples: readonly number[], goalMs: number): Measure {
  const figures = figuresOf(samples);
  return { name, unit: 'ms', value: figures.p95, figures, raw: samples, goal: `P95 ≤ ${goalMs}`, met: figures.p95 <= goalMs };
}

/** B7: the leader's process ends while the store stands, until a write through another coordinator is acknowledged. */
export async function measureTakeover(): Promise<Result> {
  const leftOut = ['machine or network gone: it needs more than one machine'];
  const base = { id: 'B7', title: 'Leader gone until the first write' };
  if (rqlited === undefined) {
    return {
      ...base,
      method: 'not run',
      measures: [],
      leftOut: ['all of it: there is no rqlited on PATH, and RQLITED names none', ...leftOut],
    };
  }
  await using cluster = await openCluster(rqlited);
  const killed = await endLeaders(cluster, 'SIGKILL');
  const stopped = await endLeaders(cluster, 'SIGTERM');
  return {
    ...base,
    method: `Three coordinators and three rqlited on one machine. The leader's process gets the signal, ${TURNS} times each; a client writes through another coordinator every few ms, and the time ends when one write is acknowledged.`,
    measures: [measureOf('killed → first write', killed, GOALS.killed), measureOf('stopped cleanly → first write', stopped, GOALS.stopped)],
    leftOut,
  };
}
