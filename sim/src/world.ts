import type { Store } from '@cloudless/db';
import { createManualClock, type ManualClock } from '@cloudless/kernel/testing';
import { assert } from '@cloudless/kernel';
import type { BatchId, NodeId } from '@cloudless/proto';
import { buildFingerprint, buildNodeRow } from '@cloudless/proto/testing';
import type { AgentIdentity } from '@cloudless/agent';
import { createClients, type Clients } from './clients.ts';
import { createDatabase, type Database } from './database.ts';
import { createDevice, type Device } from './device.ts';
import { createDraw, type Draw } from './draw.ts';
import { createFaults, type Faults } from './faults.ts';
import { createHistory, type History } from './history.ts';
import { createNetwork } from './network.ts';
import type { Plant } from './plants.ts';
import { createSeat, type Seat } from './seat.ts';
import { createTrace, type Trace, type TraceEvent } from './trace.ts';

export type WorldOptions = {
  readonly seed: number;
  readonly agents: number;
  readonly plant?: Plant | undefined;
  readonly onEvent: (event: TraceEvent, line: string) => void;
  readonly onStore: (store: Store) => void;
};

/** Everything there is: one coordinator and its disk, devices with engines and agents, a network, people, and what goes wrong. */
export type World = {
  readonly clock: ManualClock;
  readonly trace: Trace;
  readonly seat: Seat;
  readonly database: Database;
  readonly devices: readonly Device[];
  readonly clients: Clients;
  readonly faults: Faults;
  readonly history: History;
  /** Ends every program. */
  end(): Promise<void>;
};

export async function createWorld({ seed, agents, plant, onEvent, onStore }: WorldOptions): Promise<World> {
  const clock = createManualClock();
  const trace = createTrace(clock, onEvent);
  const drawFor = (name: string): Draw => createDraw(seed, name);
  const database = await createDatabase(clock, drawFor('database'));
  const network = createNetwork(clock, drawFor('network'), () => seat.door);
  const seat = createSeat({ clock, draw: drawFor('coordinator'), trace, database, findNetwork: () => network, plant, onStore });
  const draw = drawFor('devices');
  const devices = Array.from({ length: agents }, (_, index) => {
    const { clusterId } = database.founded;
    const nodeId = draw.entropy.id('node') as NodeId;
    const identity: AgentIdentity = { nodeId, clusterId, name: `device-${index + 1}`, privateKey: '', certificate: '', bundle: '' };
    return createDevice({ seed, identity, clock, network, trace, plant });
  });
  const history = createHistory();
  const { orgId, projectId } = database.founded;
  const clients = createClients({
    clock,
    draw: drawFor('people'),
    trace,
    history,
    home: { orgId, projectId },
    listStores: () => [...(seat.running ? [seat.running.store] : []), ...seat.zombies],
    plant,
  });
  const faults = createFaults({ clock, draw: drawFor('faults'), trace, devices, network, seat, database });
  return {
    clock,
    trace,
    seat,
    database,
    devices,
    clients,
    faults,
    history,
    async end() {
      seat.shutDown();
      for (const device of devices) device.shutDown();
      await database.driver.stop();
    },
  };
}

/** The rows that joining would have made. */
export async function joinAll({ devices, database, clock }: World, store: Store): Promise<void> {
  const { orgId } = database.founded;
  const state = {
    word: 'unreachable',
    cause: { code: 'not_connected_yet', message: 'It has not connected yet.' },
    sinceAt: clock.now(),
  } as const;
  const rows = devices.map(({ identity }) =>
    buildNodeRow(identity.name, { id: identity.nodeId, orgId, fingerprint: buildFingerprint({ hostname: identity.name }), state }),
  );
  const mutations = rows.map((row) => ({ kind: 'put', table: 'node', row, expect: 'absent' }) as const);
  const { kind } = await store.commit({ id: createDraw(0, 'join').entropy.id('batch') as BatchId, mutations });
  assert(kind === 'committed', 'the devices of a new world join');
}
