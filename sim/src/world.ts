import type { Store } from '@cloudless/db';
import { assert } from '@cloudless/kernel';
import { ID_PREFIX, type BatchId, type NodeId, type OrgId, type ProjectId } from '@cloudless/proto';
import { buildFingerprint, buildNodeRow } from '@cloudless/proto/testing';
import type { AgentIdentity } from '@cloudless/agent';
import { createDatabase, type Database } from './database.ts';
import { createDevice, type Device } from './device.ts';
import { createDraw, type Draw } from './draw.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import { ATTEMPT, createHistory, type History } from './history.ts';
import { createNetwork, type Network } from './network.ts';
import { createPeerNetwork, type PeerNetwork } from './peers/peer-network.ts';
import { createCalls, type Calls } from './people/calls.ts';
import { createPeople, type Home, type People } from './people/people.ts';
import { createRequests, type Requests } from './people/requests.ts';
import type { Plant } from './plants.ts';
import { createSeat, toEndpoint } from './seat.ts';
import { createSeats, type Seats } from './seats.ts';
import { createWorldClock, type WorldClock } from './time/world-clock.ts';
import { createTrace, type Trace, type TraceEvent } from './trace.ts';

export type WorldOptions = {
  readonly seed: number;
  readonly devices: number;
  readonly coordinators: number;
  /** Of the devices, so many have an agent of the protocol before. */
  readonly previousShare: number;
  readonly plant?: Plant | undefined;
  readonly onEvent: (event: TraceEvent, line: string) => void;
  readonly onStore: (store: Store, token: number) => void;
};

/** Everything there is: coordinators and their database, devices with engines and agents, a network, people, and what goes wrong. */
export type World = {
  readonly clock: WorldClock;
  readonly trace: Trace;
  readonly seats: Seats;
  readonly database: Database;
  readonly network: Network;
  readonly peers: PeerNetwork;
  readonly devices: readonly Device[];
  /** Two organisations; the second has fewer devices, or none. */
  readonly homes: readonly [Home, Home];
  readonly people: People;
  readonly requests: Requests;
  readonly calls: Calls;
  readonly faults: Faults;
  readonly history: History;
  /** Ends every program. */
  end(): Promise<void>;
};

export async function createWorld({
  seed,
  devices: count,
  coordinators,
  plant,
  previousShare,
  onEvent,
  onStore,
}: WorldOptions): Promise<World> {
  const clock = createWorldClock();
  const trace = createTrace(clock, onEvent);
  const drawFor = (name: string): Draw => createDraw(seed, name);
  const database = await createDatabase(clock, drawFor('database'), plant);
  const network = createNetwork({
    clock,
    draw: drawFor('network'),
    findDoor: () => seats.leader?.door,
    plant,
    isPrevious: (nodeId) => devices.find(({ identity }) => identity.nodeId === nodeId)?.isPrevious ?? false,
    onNewer: (node, word) => trace.note('network', { op: 'link.newer', node, word }),
  });
  const peers = createPeerNetwork({
    clock,
    draw: drawFor('peers'),
    findPlace: (name) => seats.all.find((seat) => seat.name === name)?.place ?? 'dark',
  });
  const calls = createCalls({ clock, draw: drawFor('calls'), findNetwork: () => peers });
  const seatOf = (name: string) =>
    createSeat({
      name,
      isOneOfSeveral: coordinators > 1,
      clock,
      draw: drawFor(name),
      trace,
      database,
      findNetwork: () => network,
      peers,
      calls,
      plant,
      onStore,
    });
  const others = Array.from({ length: coordinators - 1 }, (_, index) => seatOf(`coordinator-${index + 2}`));
  const seats = createSeats([seatOf('coordinator'), ...others]);
  const draw = drawFor('devices');
  const releases = drawFor('releases');
  const devices = Array.from({ length: count }, (_, index) => {
    const { clusterId } = database.founded;
    const nodeId = draw.entropy.id('node') as NodeId;
    const identity: AgentIdentity = { nodeId, clusterId, name: `device-${index + 1}`, privateKey: '', certificate: '', bundle: '' };
    return createDevice({ seed, identity, isPrevious: releases.happens(previousShare), clock, network, trace, plant });
  });
  const history = createHistory();
  const homes = [database.founded, await foundNeighbours(database, draw)] as const;
  const requests = createRequests({ clock, draw: drawFor('requests'), trace, history, plant });
  const people = createPeople({
    clock,
    draw: drawFor('people'),
    requests,
    calls,
    listStandbys: () => (coordinators > 1 ? seats.all.filter(({ running }) => !running).map(({ name }) => name) : []),
    homes: homes.map(({ orgId, projectId }) => ({ orgId, projectId })) as [Home, Home],
    listConfirmed: () =>
      seats
        .listAnswering()
        .map(toEndpoint)
        .filter(({ isConfirmed }) => isConfirmed()),
    listEndpoints: () => seats.listAnswering().map(toEndpoint),
  });
  const faults = createFaults({ clock, draw: drawFor('faults'), trace, devices, network, peers, seats, database });
  return {
    clock,
    trace,
    seats,
    database,
    network,
    peers,
    devices,
    homes,
    people,
    requests,
    calls,
    faults,
    history,
    async end() {
      seats.shutDown();
      for (const device of devices) device.shutDown();
      await database.driver.stop();
    },
  };
}

/** A second organisation, as people would make it. */
async function foundNeighbours({ driver }: Database, { entropy }: Draw): Promise<Home> {
  const [orgId, projectId] = [entropy.id(ID_PREFIX.organization) as OrgId, entropy.id(ID_PREFIX.project) as ProjectId];
  const { kind } = await driver.batch(
    [
      {
        sql: 'INSERT INTO organization (id, name, slug, "createdAt") VALUES (?, ?, ?, ?)',
        params: [orgId, 'Neighbours', 'neighbours', '2023-11-14T22:13:20.000Z'],
      },
      { sql: 'INSERT INTO project (id, org_id, name, created_at) VALUES (?, ?, ?, ?)', params: [projectId, orgId, 'default', 0] },
    ],
    { id: entropy.id(ID_PREFIX.batch) },
  );
  assert(kind === 'committed', 'the second organisation of a new world is founded');
  return { orgId, projectId };
}

/** The rows that joining would have made. */
export async function joinAll({ devices, homes, clock, history }: World, store: Store, draw: Draw, neighboursShare: number): Promise<void> {
  const [home, neighbours] = homes;
  const state = {
    word: 'unreachable',
    cause: { code: 'not_connected_yet', message: 'It has not connected yet.' },
    sinceAt: clock.now(),
  } as const;
  const rows = devices.map(({ identity }, index) => {
    const { orgId } = index > 0 && draw.happens(neighboursShare) ? neighbours : home;
    const attempt = history.attempt({ rowId: identity.nodeId, generation: 0, isDelete: false, expects: 0 });
    const fingerprint = buildFingerprint({ hostname: identity.name });
    const labels = { [ATTEMPT]: String(attempt.id) };
    return { attempt, row: buildNodeRow(identity.name, { id: identity.nodeId, orgId, labels, fingerprint, state }) };
  });
  const mutations = rows.map(({ row }) => ({ kind: 'put', table: 'node', row, expect: 'absent' }) as const);
  const { kind } = await store.commit({ id: draw.entropy.id('batch') as BatchId, mutations });
  assert(kind === 'committed', 'the devices of a new world join');
  for (const { attempt } of rows) history.found(attempt);
}
