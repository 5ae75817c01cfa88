import type { Store } from '@cloudless/db';
import { assert } from '@cloudless/kernel';
import { workloadSpecSchema, type NodeRow, type WorkloadRow, type WorkloadSpecInput } from '@cloudless/proto';
import type { Device } from '../device.ts';
import { SimulationFailed } from '../failure.ts';
import type { Run } from '../run.ts';
import type { Way } from '../people/calls.ts';
import { DRAINED } from '../people/people.ts';
import { toEndpoint, type Seat } from '../seat.ts';
import type { World } from '../world.ts';

export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => count * 3_600_000;

/** What a scenario says: what people do, what goes wrong, how time passes, and what must be so. All checkers watch meanwhile. */
export interface Stage {
  readonly world: World;
  readonly devices: readonly Device[];
  /** Somebody deploys an app: at the leader, or at a coordinator that stands by. */
  deploy(name: string, spec?: Partial<WorkloadSpecInput>, at?: Seat): void;
  /** Somebody changes it; a new template unless only `replicas` changes. */
  update(name: string, spec: Partial<WorkloadSpecInput>, at?: Seat): void;
  /** Somebody drains a device, until a deadline; or lends it again. */
  drain(device: Device, deadlineMs: number | 'no longer'): void;
  /** Somebody takes a device back: what it runs is stopped with grace. */
  takeBack(device: Device): void;
  /** Somebody looks at every app, and the answer is judged with all others. */
  look(at?: Seat): void;
  /** Something goes wrong, and stays so until the answer is called. */
  breaks(what: string, act: () => void, mend?: () => void): () => void;
  after(ms: number): Promise<void>;
  /** The world comes to rest within so long. */
  settles(withinMs: number): Promise<void>;
  /** Containers of the app that run, by device and id. */
  running(name: string): readonly string[];
  /** Starts of containers so far, on all devices. */
  readonly starts: number;
  /** State word of a device, as people see it. */
  stateOf(device: Device): string | undefined;
  must(condition: boolean, sentence: string): void;
}

const SPEC: WorkloadSpecInput = {
  image: 'sim/quick:1',
  replicas: 2,
  resources: { requests: { cpuMillicores: 100, memoryBytes: 64 * 2 ** 20 }, limits: {} },
};

export function createStage(run: Run, replay: string): Stage {
  const { world } = run;
  const { devices, seats, people, requests, calls, homes, clock, trace, faults } = world;

  function find(name: string): WorkloadRow | undefined {
    const store: Store | undefined = seats.newest?.store;
    return store && [...store.list('workload')].find(({ row }) => row.name === name)?.row;
  }
  function idOf(name: string): WorkloadRow['id'] {
    const row = find(name);
    assert(row, `the scenario has deployed ${name}`);
    return row.id;
  }

  function wayTo(seat: Seat | undefined): Way {
    if (seat) return calls.through(seat.name);
    assert(seats.running, 'somebody asks while a coordinator answers');
    return calls.straightTo(toEndpoint(seats.running));
  }

  function changeNode({ identity }: Device, change: (row: NodeRow) => NodeRow): void {
    requests.changeNode(wayTo(undefined), identity.nodeId, change);
  }

  return {
    world,
    devices,
    deploy(name, spec = {}, at) {
      const { orgId, projectId } = homes[0];
      requests.create(wayTo(at), people.newWorkload({ orgId, projectId }, name, workloadSpecSchema.parse({ ...SPEC, ...spec })));
    },
    update(name, spec, at) {
      const needsNewContainers = Object.keys(spec).some((field) => field !== 'replicas');
      requests.change(wayTo(at), idOf(name), (row) => ({
        spec: workloadSpecSchema.parse({ ...row.spec, ...spec }),
        needsNewContainers,
      }));
    },
    drain(device, deadlineMs) {
      const sinceAt = clock.now();
      changeNode(device, ({ drain: _, ...row }) =>
        deadlineMs === 'no longer'
          ? row
          : { ...row, drain: { sinceAt, deadlineAt: sinceAt + deadlineMs, purpose: 'empty', cause: DRAINED } },
      );
    },
    takeBack: (device) => changeNode(device, (row) => ({ ...row, lending: { pausedAt: clock.now() } })),
    look(at) {
      if (!seats.newest || (!at && !seats.running)) return;
      for (const { row } of seats.newest.store.list('workload')) requests.read(wayTo(at), row.id);
    },
    breaks(what, act, mend) {
      trace.note('fault', { op: what });
      const release = faults.hold();
      act();
      return () => {
        trace.note('fault', { op: `${what}: over` });
        mend?.();
        release();
      };
    },
    after: (ms) => run.pass(ms),
    async settles(withinMs) {
      await run.converge(withinMs);
    },
    running(name) {
      const id = idOf(name);
      const ids = new Set(seats.newest?.store.allocationsOfWorkload(id).map(({ row }) => row.id));
      return devices.flatMap(({ identity, engine }) =>
        engine.containers
          .filter(({ state, allocationId }) => state === 'running' && ids.has(allocationId))
          .map(({ containerId }) => `${identity.name}/${containerId}`),
      );
    },
    get starts() {
      return devices.reduce((sum, { engine }) => sum + engine.breakable.starts, 0);
    },
    stateOf: ({ identity }) => seats.running?.store.get('node', identity.nodeId)?.row.state.word,
    must(condition, sentence) {
      if (condition) return;
      throw new SimulationFailed('the scenario', sentence, {
        where: `${clock.bootMs()} ms of boot time`,
        tail: trace.tail,
        replay,
      });
    },
  };
}
