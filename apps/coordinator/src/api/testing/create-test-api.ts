import { createHostPolicy } from '../../gateway/host-policy.ts';
import { writeCommands } from '../../install/commands.ts';
import { createReach } from '../../reach/create-reach.ts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutation } from '@cloudless/db';
import { createTestStore } from '@cloudless/db/testing';
import { createKeyWrap } from '@cloudless/identity/ca';
import { assert } from '@cloudless/kernel';
import { createManualClock, createMemoryLogger, createSeededEntropy } from '@cloudless/kernel/testing';
import {
  isCloudlessError,
  type BackupStatus,
  type BatchId,
  type CloudlessError,
  type OrgId,
  type ProcedureName,
  type Role,
  type TokenScope,
} from '@cloudless/proto';
import { checkStore } from '../../cluster-status/check-store.ts';
import { noCrash } from '../../crash-points.ts';
import { createEnrolment } from '../../enrolment/index.ts';
import { allocateGatewayPort } from '../../gateway/gateway-ports.ts';
import { createNodeSessions } from '../../node-sessions/index.ts';
import type { ApiParts } from '../../parts.ts';
import { createPeople } from '../../people/create-people.ts';
import type { Caller } from '../../people/people.ts';
import type { ApiContext } from '../call.ts';
import { createApi, createApiRouter } from '../create-api.ts';
import { toCloudlessError } from '../failure.ts';

export type TestApiOptions = Partial<Pick<ApiParts, 'sessions' | 'describeCluster' | 'unplacedOf' | 'onExplained'>>;

/** Who calls, as the gateway's authentication gives it. */
export type Who = { readonly role: Role; readonly scope?: TokenScope; readonly orgId?: OrgId };

type Calls = Readonly<Record<string, Readonly<Record<string, (input: unknown) => Promise<unknown>>>>>;

const NO_BACKUPS: BackupStatus = { folder: '/backups', everyMs: 86_400_000 };

/** The whole API over the real store, people, enrolment and sessions, on a clock that the test moves. */
export async function createTestApi(given: TestApiOptions = {}) {
  const clock = createManualClock();
  const entropy = createSeededEntropy(7);
  const logger = createMemoryLogger();
  const opened = await createTestStore({ clock, entropy });
  const { store, driver, cluster } = opened;
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-api-'));
  const keyWrap = createKeyWrap(entropy.bytes(32), entropy);
  const base = { driver, store, cluster, keyWrap, clock, entropy, logger };
  const codeFile = join(folder, 'claim-code');
  const people = await createPeople({ ...base, codeFile, crashPoint: noCrash });
  const enrolment = await createEnrolment(base);
  const { clusterId, epoch, token } = cluster;
  const own = createNodeSessions({
    ...base,
    authority: { clusterId, epoch, token },
    coordinatorVersion: '0.1.0',
    renew: (nodeId, csr) => enrolment.renew(nodeId, csr),
  });
  const reach = createReach({
    hosts: createHostPolicy({ host: '127.0.0.1', publicUrls: [], machine: () => ({ hostname: 'attic', addresses: [] }) }),
    publicUrl: undefined,
    port: () => 7600,
    mark: 'mark',
    pin: () => undefined,
    virtualAddresses: () => [],
    firewallCommand: () => undefined,
    clock,
    logger,
  });
  const parts: ApiParts = {
    ...base,
    version: '0.1.0',
    people,
    enrolment,
    sessions: own,
    reach,
    installer: { commandsFor: (offer) => Promise.resolve(writeCommands(reach.base(), offer, 'a'.repeat(64))) },
    unplacedOf: () => [],
    onExplained: () => () => undefined,
    deploy: (batch) => store.commit(batch),
    allocateGatewayPort: () => allocateGatewayPort(store, { from: 7700, to: 7702 }, () => Promise.resolve(true)),
    describeCluster: () => ({
      id: clusterId,
      version: '0.1.0',
      epoch,
      revision: store.revision,
      startedAt: 0,
      trustDomain: 'test',
      deviceCaFingerprint: '00',
      urls: [],
      dataFolder: folder,
    }),
    checkStore: checkStore(base),
    backups: { backUp: () => Promise.resolve(NO_BACKUPS) },
    staleness: { since: () => undefined, onChange: () => () => undefined },
    describeStatus: () =>
      Promise.resolve({
        at: clock.now(),
        epoch,
        token,
        revision: store.revision,
        leadership: { state: 'sole' },
        coordinators: [],
        store: { kind: 'sqlite', path: folder, bytes: 0 },
        backups: NO_BACKUPS,
      }),
    ...given,
  };
  const { router, handlers } = createApiRouter(parts);

  function callerOf({ role, scope, orgId = cluster.orgId }: Who): Caller {
    const common = { name: role, orgId, projectId: cluster.projectId, role } as const;
    const userId = `usr_${role.padEnd(26, 'a')}` as Extract<Caller, { kind: 'user' }>['id'];
    if (scope === undefined) return { ...common, kind: 'user', id: userId, email: `${role}@example.org`, sessionId: 's' };
    return { ...common, kind: 'token', id: `tok_${role.padEnd(26, 'a')}` as Extract<Caller, { kind: 'token' }>['id'], userId, scope };
  }
  const contextOf = (who: Who | undefined): ApiContext => ({
    caller: who && callerOf(who),
    origin: { headers: { host: 'localhost:7600' }, remoteAddress: '127.0.0.1' },
    addCookies: () => undefined,
    drained: () => Promise.resolve(),
  });

  /** The owner of the cluster, with a token. */
  async function claim(scope: TokenScope = 'write'): Promise<string> {
    const origin = contextOf(undefined).origin;
    const owner = { name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' };
    const { setCookies } = await people.claim({ ...owner, code: await readFile(codeFile, 'utf8') }, origin);
    const cookie = setCookies.map((one) => one.split(';')[0]).join('; ');
    const caller = await people.authenticate({ cookie });
    assert(caller?.kind === 'user', 'the owner is signed in');
    return (await people.tokens.create(caller, { name: 'ci', scope })).token;
  }

  return {
    ...opened,
    claim,
    clock,
    entropy,
    logger,
    people,
    enrolment,
    parts,
    handlers,
    codeFile,
    callerOf,
    commit: (...mutations: Mutation[]) => store.commit({ id: entropy.id('batch') as BatchId, mutations }),
    /** Calls a procedure as that person or token, through the router. */
    call(who: Who | undefined, name: ProcedureName, input: unknown = {}, signal?: AbortSignal): Promise<unknown> {
      const [area = '', method = ''] = name.split('.');
      const run = (router.createCaller(contextOf(who), signal ? { signal } : {}) as unknown as Calls)[area]?.[method];
      if (!run) throw new Error(`the router has no ${name}`);
      return run(input);
    },
    /** The endpoints on a port, as the gateway passes requests on. */
    async listen() {
      const { rest, trpcHttp } = createApi(parts);
      const server = createServer((request, response) => {
        void (request.url?.startsWith('/trpc/') ? trpcHttp(request, response) : rest(request, response));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        async [Symbol.asyncDispose]() {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
    async [Symbol.asyncDispose]() {
      people.stop();
      enrolment.stop();
      await own.stop();
      await opened[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type TestApi = Awaited<ReturnType<typeof createTestApi>>;

/** How a call ended: `ok`, or the code of its error. */
export async function outcomeOf(call: Promise<unknown>): Promise<'ok' | CloudlessError['code']> {
  return (await failureOf(call))?.code ?? 'ok';
}

/** What a call failed with, as callers would read it. */
export async function failureOf(call: Promise<unknown>): Promise<CloudlessError | undefined> {
  try {
    await call;
    return undefined;
  } catch (cause) {
    return isCloudlessError(cause) ? cause : toCloudlessError(cause);
  }
}
