import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRqlited } from '@cloudless/db/testing';
import { COORDINATOR, freePort } from '@cloudless/tools/product';
import type { Cables, Place } from './cables.ts';
import { until } from './until.ts';

const COORDINATORS = 3;
/** A client asks again after that. */
const CALL_MS = 2_000;
const OWNER = { name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' };

/** One of the coordinators, as its supervisor would start it. */
export type Seat = {
  readonly folder: string;
  readonly port: number;
  readonly url: string;
  readonly place: Place | undefined;
  child: ChildProcess;
};

/** Whoever does not answer is asked again. */
export const untilAnswered = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> =>
  until(what, () => ask().catch(() => undefined), { everyMs: 5 });

type Answer = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: string };
type Call = { readonly body?: object; readonly cookie?: string };

/** A call of a client that does not ask who certified the coordinator: it is the cluster's own authority. */
async function call({ url }: Pick<Seat, 'url'>, path: string, { body, cookie = '' }: Call = {}): Promise<Answer> {
  const options = {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json', origin: url, cookie },
    signal: AbortSignal.timeout(CALL_MS),
  };
  const request = url.startsWith('https:')
    ? httpsRequest(`${url}${path}`, { ...options, rejectUnauthorized: false })
    : httpRequest(`${url}${path}`, options);
  request.end(body && JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

const untilReady = (seat: Pick<Seat, 'url'>): Promise<string> =>
  untilAnswered(`${seat.url} ready`, async () => {
    const { status, body } = await call(seat, '/readyz');
    return status === 200 ? (JSON.parse(body) as { role: string }).role : undefined;
  });

export interface TakeoverCluster extends AsyncDisposable {
  readonly seats: readonly Seat[];
  start(seat: Omit<Seat, 'child'>): ChildProcess;
  /** Who leads, and one that stands by, once all answer. */
  roles(): Promise<{ readonly leader: Seat; readonly other: Seat }>;
  /** One write through a coordinator; `undefined` when it was refused. */
  write(seat: Seat): Promise<true | undefined>;
}

/** @param cables gives each coordinator a place of its own; without, all are on the loopback */
export async function openCluster(program: string, cables?: Cables): Promise<TakeoverCluster> {
  const root = mkdtempSync(join(tmpdir(), 'cloudless-takeover-'));
  const store = await startRqlited(program, 3, { host: cables?.hostAddress });
  const seats: Seat[] = [];

  function start({ folder, port, place }: Omit<Seat, 'child'>): ChildProcess {
    const environment = {
      CLOUDLESS_DATA: folder,
      CLOUDLESS_PORT: String(port),
      CLOUDLESS_HOST: place ? '0.0.0.0' : '127.0.0.1',
      CLOUDLESS_STORE_URL: store.nodes.map(({ url }) => url).join(','),
      CLOUDLESS_COORDINATOR_URL: `http://${place?.address ?? '127.0.0.1'}:${port}`,
      CLOUDLESS_LOCAL_AGENT: '0',
      CLOUDLESS_LOG_LEVEL: 'silent',
    };
    const [first, ...rest] = [...(place?.prefix ?? []), process.execPath, ...COORDINATOR.argv];
    return spawn(first, rest, { stdio: 'ignore', env: { ...process.env, ...COORDINATOR.env, ...environment } });
  }

  async function end(): Promise<void> {
    for (const { child } of seats) child.kill('SIGKILL');
    await store[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  }

  async function claim(): Promise<string> {
    const [first] = seats;
    if (!first) throw new Error('a cluster has a coordinator');
    const code = readFileSync(join(first.folder, 'coordinator/claim-code'), 'utf8').trim();
    const { status, headers, body } = await call(first, '/trpc/claim.submit', { body: { ...OWNER, code } });
    if (status !== 200) throw new Error(`the claim was answered ${status}: ${body}`);
    return (headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ');
  }

  try {
    for (let index = 0; index < COORDINATORS; index += 1) {
      const folder = join(root, `c${index}`);
      mkdirSync(join(folder, 'coordinator'), { recursive: true });
      if (index > 0) copyFileSync(join(root, 'c0/coordinator/master.key'), join(folder, 'coordinator/master.key'));
      const port = await freePort();
      const place = cables?.places[index];
      const seat = { folder, port, place, url: place ? `https://${place.address}:${port}` : `http://127.0.0.1:${port}` };
      seats.push({ ...seat, child: start(seat) });
      await untilReady(seat);
    }
    const cookie = await claim();
    return {
      seats,
      start,
      async roles() {
        const roles = await Promise.all(seats.map(untilReady));
        const leader = seats[roles.indexOf('leader')];
        const other = seats.find((seat) => seat !== leader);
        if (!leader || !other) throw new Error(`no leader among ${roles.join(', ')}`);
        return { leader, other };
      },
      write: async (seat) => ((await call(seat, '/api/v1/join-tokens', { body: {}, cookie })).status === 201 ? true : undefined),
      [Symbol.asyncDispose]: end,
    };
  } catch (cause) {
    await end();
    throw cause;
  }
}
