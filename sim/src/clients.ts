import type { Store } from '@cloudless/db';
import type { Clock } from '@cloudless/kernel';
import {
  isCloudlessError,
  workloadSpecSchema,
  type BatchId,
  type NodeRow,
  type OrgId,
  type ProjectId,
  type WorkloadId,
  type WorkloadRow,
} from '@cloudless/proto';
import type { Draw } from './draw.ts';
import { IMAGE_NAMES } from './engine.ts';
import { ATTEMPT, type Attempt, type History } from './history.ts';
import type { Plant } from './plants.ts';
import type { Trace } from './trace.ts';

/** People who deploy, change and delete apps while the world fails around them. */
export interface Clients {
  start(): void;
  stop(): void;
}

export type ClientsOptions = {
  readonly clock: Clock;
  readonly draw: Draw;
  readonly trace: Trace;
  readonly history: History;
  readonly home: { readonly orgId: OrgId; readonly projectId: ProjectId };
  /** Of coordinators that answer: the one that runs first. */
  readonly listStores: () => readonly Store[];
  readonly plant: Plant | undefined;
};

const MOST_WORKLOADS = 6;
/** Of what people do: lending a device, or taking it back. */
const LEND_SHARE = 0.1;
const MIB = 2 ** 20;
/** Of the writes that the planted bug forgets: every so many. */
const FORGET_EVERY = 7;

type Change = Partial<Pick<WorkloadRow, 'spec' | 'runState' | 'deletedAt'>> & { readonly needsNewContainers?: boolean };

export function createClients({ clock, draw, trace, history, home, listStores, plant }: ClientsOptions): Clients {
  const meanWaitMs = draw.pick([2000, 8000, 30_000]);
  let isStopped = true;
  let made = 0;
  let forgetIn = FORGET_EVERY;

  function drawSpec(): WorkloadRow['spec'] {
    return workloadSpecSchema.parse({
      image: draw.pick(IMAGE_NAMES),
      args: [`--draw=${draw.between(0, 999)}`],
      replicas: draw.between(0, 4),
      resources: { requests: { cpuMillicores: draw.pick([100, 400, 900, 1800]), memoryBytes: draw.pick([64, 512]) * MIB } },
      ports: draw.happens(0.3) ? [{ name: 'http', containerPort: 8080, hostPort: draw.pick([0, 18_080]) }] : [],
      restartPolicy: { backoffMs: draw.pick([100, 1000]), maxRetries: draw.between(0, 5) },
      terminationGraceMs: draw.pick([100, 5000]),
    });
  }

  function drawChange({ spec, runState }: WorkloadRow): Change {
    const kind = draw.pick(['scale', 'scale', 'update', 'restart', 'toggle', 'delete'] as const);
    switch (kind) {
      case 'scale':
        return { spec: { ...spec, replicas: draw.between(0, 5) } };
      case 'update':
        return { spec: { ...drawSpec(), replicas: spec.replicas }, needsNewContainers: true };
      case 'restart':
        return { needsNewContainers: true };
      case 'toggle':
        return { runState: runState === 'running' ? 'stopped' : 'running' };
      case 'delete':
        return { deletedAt: clock.now() };
    }
  }

  /** As the API writes: a guard on what was read, and no answer before it is durable. */
  async function write(store: Store, row: WorkloadRow, expect: number | 'absent'): Promise<void> {
    const attempt = history.attempt(row.id, row.generation, row.deletedAt !== undefined);
    const marked = { ...row, annotations: { ...row.annotations, [ATTEMPT]: String(attempt.id) }, updatedAt: clock.now() };
    const id = draw.entropy.id('batch') as BatchId;
    try {
      const { kind } = await commit(store, { id, mutations: [{ kind: 'put', table: 'workload', row: marked, expect }] });
      attempt.outcome = kind === 'committed' ? 'acknowledged' : 'refused';
    } catch (cause) {
      attempt.outcome = isCloudlessError(cause) && cause.code !== 'outcome_unknown' ? 'refused' : 'unknown';
    }
    tell(attempt, row);
  }

  /** With the planted bug, a store that says yes and does nothing, now and then. */
  function commit(store: Store, batch: Parameters<Store['commit']>[0]): ReturnType<Store['commit']> {
    if (plant !== 'forgets-a-write') return store.commit(batch);
    forgetIn -= 1;
    return forgetIn > 0 ? store.commit(batch) : Promise.resolve({ kind: 'committed', revision: store.revision + 1 });
  }

  const tell = ({ id, generation, outcome, isDelete }: Attempt, { name, spec, runState }: WorkloadRow): void =>
    trace.note('person', {
      op: 'workload.write',
      attempt: id,
      name,
      generation,
      answer: outcome,
      replicas: spec.replicas,
      runState,
      isDelete,
    });

  function deploy(store: Store): Promise<void> {
    made += 1;
    const now = clock.now();
    const row: WorkloadRow = {
      id: draw.entropy.id('wl') as WorkloadId,
      ...home,
      name: `app-${made}`,
      labels: {},
      annotations: {},
      spec: drawSpec(),
      generation: 1,
      templateGeneration: 1,
      runState: 'running',
      createdAt: now,
      updatedAt: now,
    };
    return write(store, row, 'absent');
  }

  /** An owner takes a device back, drains it, or lends it again; what was not heard of is tried again by nobody. */
  function lend(store: Store): void {
    const owned = [...store.list('node')].filter(({ row }) => row.revokedAt === undefined);
    if (owned.length === 0) return;
    const { row, version } = draw.pick(owned);
    const { lending: before, drain: _drain, ...rest } = row;
    const wish = before ? 'lend' : draw.pick(['pause', 'drain', 'lend'] as const);
    const cause = { code: 'drained_by_person', message: 'A person drains it.' };
    const next: NodeRow = {
      ...rest,
      ...(wish === 'pause' ? { lending: { pausedAt: clock.now() } } : {}),
      ...(wish === 'drain' ? { drain: { sinceAt: clock.now(), purpose: 'empty', cause } } : {}),
      updatedAt: clock.now(),
    };
    trace.note('person', { op: 'node.lend', node: row.name, wish });
    store
      .commit({ id: draw.entropy.id('batch') as BatchId, mutations: [{ kind: 'put', table: 'node', row: next, expect: version }] })
      .catch((failure: unknown) =>
        trace.note('person', { op: 'node.lend', node: row.name, answer: isCloudlessError(failure) ? failure.code : 'unknown' }),
      );
  }

  function act(): void {
    const stores = listStores();
    if (stores.length === 0) return;
    const store = draw.pick(stores);
    if (draw.happens(LEND_SHARE)) return lend(store);
    const living = [...store.list('workload')].filter(({ row }) => row.deletedAt === undefined);
    if (living.length < 2 || (living.length < MOST_WORKLOADS && draw.happens(0.3))) return void deploy(store);
    const { row, version } = draw.pick(living);
    const { needsNewContainers = false, ...change } = drawChange(row);
    const generation = row.generation + 1;
    void write(store, { ...row, ...change, generation, ...(needsNewContainers ? { templateGeneration: generation } : {}) }, version);
  }

  function wait(): void {
    clock.setTimer(draw.waitMs(meanWaitMs), () => {
      if (isStopped) return;
      act();
      wait();
    });
  }

  return {
    start() {
      isStopped = false;
      wait();
    },
    stop() {
      isStopped = true;
    },
  };
}
