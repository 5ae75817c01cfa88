import type { Store } from '@cloudless/db';
import { assert } from '@cloudless/kernel';
import { workloadSpecSchema, type WorkloadRow, type WorkloadSpecInput } from '@cloudless/proto';
import type { Device } from '../device.ts';
import { SimulationFailed } from '../failure.ts';
import type { Run } from '../run.ts';
import { toEndpoint, type World } from '../world.ts';

export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => count * 3_600_000;

/** What a scenario says: what people do, what goes wrong, how time passes, and what must be so. All checkers watch meanwhile. */
export interface Stage {
  readonly world: World;
  readonly devices: readonly Device[];
  /** Somebody deploys an app. */
  deploy(name: string, spec?: Partial<WorkloadSpecInput>): void;
  /** Somebody changes it; a new template unless only `replicas` changes. */
  update(name: string, spec: Partial<WorkloadSpecInput>): void;
  /** Somebody looks at every app, and the answer is judged with all others. */
  look(): void;
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
  const { devices, seats, people, requests, homes, clock, trace, faults } = world;

  function find(name: string): WorkloadRow | undefined {
    const store: Store | undefined = seats.newest?.store;
    return store && [...store.list('workload')].find(({ row }) => row.name === name)?.row;
  }
  function idOf(name: string): WorkloadRow['id'] {
    const row = find(name);
    assert(row, `the scenario has deployed ${name}`);
    return row.id;
  }

  return {
    world,
    devices,
    deploy(name, spec = {}) {
      assert(seats.running, 'somebody deploys while a coordinator answers');
      const { orgId, projectId } = homes[0];
      requests.create(
        toEndpoint(seats.running),
        people.newWorkload({ orgId, projectId }, name, workloadSpecSchema.parse({ ...SPEC, ...spec })),
      );
    },
    update(name, spec) {
      assert(seats.running, 'somebody changes an app while a coordinator answers');
      const needsNewContainers = Object.keys(spec).some((field) => field !== 'replicas');
      requests.change(toEndpoint(seats.running), idOf(name), (row) => ({
        spec: workloadSpecSchema.parse({ ...row.spec, ...spec }),
        needsNewContainers,
      }));
    },
    look() {
      if (!seats.running) return;
      const endpoint = toEndpoint(seats.running);
      for (const { row } of endpoint.store.list('workload')) requests.read(endpoint, row.id);
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
