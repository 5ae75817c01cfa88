import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Allocation, CloudlessNode, ClusterEvent, EventKind, Workload, WorkloadId } from '@cloudless/proto';
import { createClient, type CloudlessClient } from '@cloudless/sdk';
import { buildAgent, claimByApi, createToken } from '@cloudless/tools/product';
import { startDevice, type Device } from './device.ts';
import { startMembers, type Member, type MembersOptions } from './members.ts';
import { startPeople, type People } from './people.ts';
import { createSeat, type Seat } from './seat.ts';
import { until, untilStays } from './until.ts';
import { watchEngines, type EngineWatch } from './watch-engines.ts';

/** A release of the product, where a machine keeps the one that it runs: what is put in its place runs from the next start on. */
export type Release = {
  /** Root of the coordinator's sources. */
  readonly sources: string;
  /** The agent's bundle. */
  readonly agentFile: string;
};

export type ClusterOptions = {
  readonly seed: number;
  readonly devices: number;
  /** Replicas of each app. */
  readonly apps: readonly number[];
  /** Of each of the coordinator's lives. */
  readonly env?: Readonly<Record<string, string>>;
  readonly deviceEnv?: Readonly<Record<string, string>>;
  /** See `DeviceOptions`. */
  readonly hasWatchdog?: boolean;
  /** What runs at first, in place of this release. */
  readonly release?: Release;
  /** Where the coordinator keeps its data, in place of a folder beside the devices'. */
  readonly coordinatorRoot?: string;
  /** Several coordinators on one store, in place of one. Each device has its network to one of them, in turn. */
  readonly members?: MembersOptions;
};

/** A coordinator, devices and people, each a process or as real as one, on networks that a test breaks. */
export interface Cluster extends AsyncDisposable {
  readonly seed: number;
  /** Of the first coordinator. */
  readonly seat: Seat;
  /** All of them where there are several. */
  readonly members: readonly Member[];
  readonly devices: readonly Device[];
  readonly apps: readonly WorkloadId[];
  /** Of the first coordinator. */
  readonly client: CloudlessClient;
  readonly token: string;
  readonly people: People;
  readonly engines: EngineWatch;
  /** Asks the coordinator that answered last, and when it does not, the others. */
  ask<T>(work: (client: CloudlessClient) => Promise<T>): Promise<T>;
  nodes(): Promise<readonly CloudlessNode[]>;
  allocations(): Promise<readonly Allocation[]>;
  /** What was told of these kinds since the cluster stood, newest first. */
  told(...kinds: EventKind[]): Promise<readonly ClusterEvent[]>;
  /** Waits until every device is online and every app runs as it is wanted, and it stays so. @returns ms until it began to */
  settle(withinMs: number): Promise<number>;
}

const START_MS = 60_000;
/** A device on a wire that was not punctual may be silent for 3 s before anybody knows that it is gone. */
const CALM_MS = 3300;
const IMAGE = 'chaos/app:1';
const CALL_MS = 10_000;
/** Where another coordinator may be asked. */
const SHORT_CALL_MS = 3000;

const isAsWanted = ({ status, spec, name }: Workload): string | undefined =>
  status.ready === spec.replicas && status.condition === 'running' ? undefined : `${name} is ${status.condition}: ${status.cause.message}`;

/** Takes each call to a client that answers: the last one first. */
function createAsk(clients: readonly CloudlessClient[]): Cluster['ask'] {
  let last = 0;
  return async (work) => {
    let failure: unknown;
    for (let tries = 0; tries < clients.length; tries += 1) {
      const client = clients[last];
      try {
        if (client) return await work(client);
      } catch (cause) {
        failure = cause;
        last = (last + 1) % clients.length;
      }
    }
    throw failure;
  };
}

export async function startCluster({
  seed,
  devices: count,
  apps: replicas,
  env = {},
  release,
  ...places
}: ClusterOptions): Promise<Cluster> {
  await buildAgent();
  const root = await mkdtemp(join(tmpdir(), 'cloudless-chaos-'));
  const devices: Device[] = [];
  const opened: AsyncDisposable[] = [];
  let seats: readonly Seat[] = [];
  let members: readonly Member[] = [];

  async function end(): Promise<void> {
    for (const one of opened.toReversed()) await one[Symbol.asyncDispose]();
    await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()));
    await Promise.all(seats.map(({ coordinator }) => coordinator.kill()));
    await Promise.all(members.map((member) => member.stop()));
    await rm(root, { recursive: true, force: true });
  }

  async function openSeats(): Promise<Seat> {
    if (places.members) {
      seats = members = await startMembers(root, seed, places.members);
    } else {
      const sources = release ? { sources: release.sources } : {};
      const seat = await createSeat(places.coordinatorRoot ?? join(root, 'seat'), { envOf: () => env, ...sources });
      seats = [seat];
      seat.coordinator.start();
      await seat.untilReady();
    }
    const [first] = seats;
    if (!first) throw new Error('a cluster has a coordinator');
    return first;
  }

  async function open(): Promise<Cluster> {
    const seat = await openSeats();
    const token = await createToken(seat, await claimByApi(seat), 'write');
    const timeoutMs = seats.length > 1 ? SHORT_CALL_MS : CALL_MS;
    const clients = seats.map(({ url }) => createClient({ url, token, timeoutMs }));
    opened.push(...clients);
    const [client] = clients;
    if (!client) throw new Error('a cluster has a coordinator');
    const ask = createAsk(clients);
    for (let index = 1; index <= count; index += 1) {
      const name = `device-${index}`;
      const offer = await client.node.createJoinToken({ name });
      devices.push(
        await startDevice({
          name,
          seed: seed * 1000 + index,
          root,
          coordinator: seats[(index - 1) % seats.length] ?? seat,
          joinToken: offer.token,
          env: places.deviceEnv ?? {},
          hasWatchdog: places.hasWatchdog ?? false,
          ...(release ? { agentFile: release.agentFile } : {}),
        }),
      );
    }
    const nodes = async () => (await ask((asked) => asked.node.list())).rows;
    await until('every device is online', START_MS, async () => wrongNode(await nodes(), count));
    const apps: WorkloadId[] = [];
    for (const [index, wanted] of replicas.entries())
      apps.push((await client.workload.create({ metadata: { name: `app-${index + 1}` }, spec: { image: IMAGE, replicas: wanted } })).id);
    const settle = (withinMs: number): Promise<number> =>
      untilStays('everything is as it is wanted', { withinMs, calmMs: CALM_MS }, async () => {
        try {
          const { rows } = await ask((asked) => asked.workload.list());
          return wrongNode(await nodes(), count) ?? rows.map(isAsWanted).find((wrong) => wrong !== undefined);
        } catch (cause) {
          return String(cause);
        }
      });
    await settle(START_MS);
    const [newest] = (await client.event.list({ limit: 1 })).rows;
    const engines = watchEngines(devices);
    opened.push(engines);
    const people = startPeople({ urls: seats.map(({ url }) => url), token, seed, apps });
    opened.push({
      [Symbol.asyncDispose]: () =>
        people.finish().then(
          () => undefined,
          () => undefined,
        ),
    });
    return {
      seed,
      seat,
      members,
      devices,
      apps,
      client,
      token,
      people,
      engines,
      ask,
      nodes,
      allocations: async () => (await ask((asked) => asked.allocation.list({ limit: 500 }))).rows,
      async told(...kinds) {
        const { rows } = await ask((asked) => asked.event.list({ limit: 500, kinds }));
        return rows.filter(({ revision }) => revision > (newest?.revision ?? 0));
      },
      settle,
      [Symbol.asyncDispose]: end,
    };
  }

  try {
    return await open();
  } catch (cause) {
    const programs = [...seats.map(({ coordinator }) => coordinator), ...devices.map(({ agent }) => agent)];
    const tails = programs.map((program) => program.tail().slice(-600));
    await end();
    throw new Error(`the cluster did not start:\n${tails.join('\n')}`, { cause });
  }
}

function wrongNode(nodes: readonly CloudlessNode[], count: number): string | undefined {
  if (nodes.length < count) return `${nodes.length} of ${count} devices have joined`;
  const wrong = nodes.find(({ state }) => state.word !== 'online');
  return wrong && `${wrong.name} is ${wrong.state.word}: ${wrong.state.cause.message}`;
}
