import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRqliteDouble, type RqliteDoubleOptions } from '@cloudless/db/testing';
import { readMasterKey } from '@cloudless/identity/ca';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createApi } from '../api/index.ts';
import { parseConfig } from '../config.ts';
import { createControlPlane } from '../control-plane/index.ts';
import { createCoordinator, type Coordinator } from '../coordinator.ts';
import { findFreePort } from '../gateway/testing/open-gateway.ts';

export const OWNER = { name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' };

/** How long a state may take to come about before a test gives up. */
const UNTIL_MS = 20_000;
const clock = createRealClock();

export type Member = {
  readonly name: string;
  readonly coordinator: Coordinator;
  readonly url: string;
  get(path: string, cookie?: string): Promise<Response>;
  post(path: string, body: object, cookie?: string): Promise<Response>;
};

/** Resolves with the first true answer of `look`. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const endMs = clock.bootMs() + UNTIL_MS;
  while (clock.bootMs() < endMs) {
    const found = await look();
    if (found !== undefined) return found;
    await clock.sleep(20);
  }
  throw new Error(`${what} did not come about within ${UNTIL_MS / 1000} s`);
}

export const roleOf = async (member: Pick<Member, 'get'>): Promise<string | undefined> => {
  const answer = await member.get('/readyz').catch(() => undefined);
  return answer?.status === 200 ? ((await answer.json()) as { role: string }).role : undefined;
};

/** Coordinators in this process on one store, a double of rqlite, with one master key. */
export async function openMembers(store: RqliteDoubleOptions = { nodes: 1 }) {
  const root = await mkdtemp(join(tmpdir(), 'cloudless-members-'));
  const rqlite = await createRqliteDouble(store);
  const members: Member[] = [];
  const masterKey = join(root, 'master.key');
  await readMasterKey(masterKey, createRealEntropy());

  async function start(name: string, options: { readonly sharesKey?: boolean } = {}): Promise<Member> {
    if (options.sharesKey !== false) {
      await mkdir(join(root, name, 'coordinator'), { recursive: true });
      await copyFile(masterKey, join(root, name, 'coordinator/master.key'));
    }
    const port = await findFreePort();
    const url = `http://127.0.0.1:${port}`;
    const coordinator = await createCoordinator({
      config: parseConfig({
        CLOUDLESS_DATA: join(root, name),
        CLOUDLESS_PORT: String(port),
        CLOUDLESS_STORE_URL: rqlite.nodes.map((node) => node.url).join(','),
        CLOUDLESS_COORDINATOR_URL: url,
        CLOUDLESS_LOCAL_AGENT: '0',
      }),
      clock,
      entropy: createRealEntropy(),
      logger: nullLogger,
      machine: () => ({ hostname: name, addresses: [] }),
      version: '9.9.9',
      createControlPlane,
      createApi,
    });
    const member: Member = {
      name,
      coordinator,
      url,
      get: (path, cookie = '') => fetch(`${url}${path}`, { headers: { cookie } }),
      post: (path, body, cookie = '') =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: url, cookie },
          body: JSON.stringify(body),
        }),
    };
    members.push(member);
    return member;
  }

  return {
    rqlite,
    start,
    folderOf: (name: string): string => join(root, name),
    readCode: (name: string) => readFile(join(root, name, 'coordinator/claim-code'), 'utf8'),
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map(({ coordinator }) => coordinator.stop()));
      await rqlite[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Claims the cluster through a member. @returns the cookie of its owner */
export async function claim(member: Pick<Member, 'post'>, code: string): Promise<string> {
  const answer = await member.post('/trpc/claim.submit', { ...OWNER, code: code.trim() });
  if (answer.status !== 200) throw new Error(`the claim was answered ${answer.status}: ${await answer.text()}`);
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}
