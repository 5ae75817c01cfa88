import { unreachable } from '@cloudless/kernel';
import { effectiveResources, isTerminalPhase, NODE_STATES, type NodeRow, type WorkloadRow } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideCollection } from './collect.ts';
import { decidePlan } from './decide-plan.ts';
import { countOperations, type Plan } from './plan.ts';
import { isReserving } from './snapshot.ts';
import { createWorld, type World } from './testing/index.ts';
import { validatePlan } from './validate-plan.ts';

const GIB = 2 ** 30;
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];

const node = (index: number) =>
  fc
    .record({
      cpuMillicores: fc.integer({ min: 0, max: 4000 }),
      memoryGib: fc.integer({ min: 0, max: 8 }),
      schedulable: fc.boolean(),
      word: fc.constantFrom(...NODE_STATES),
    })
    .map(({ cpuMillicores, memoryGib, schedulable, word }) =>
      buildNodeRow(`node${LETTERS[index]}`, {
        allocatable: { cpuMillicores, memoryBytes: memoryGib * GIB, storageBytes: 1024 * GIB },
        schedulable,
        state: { word, cause: { code: word, message: `it is ${word}` }, sinceAt: 0 },
      }),
    );
const workload = (index: number) =>
  fc
    .record({
      replicas: fc.integer({ min: 0, max: 5 }),
      cpuMillicores: fc.integer({ min: 0, max: 2500 }),
      memoryGib: fc.integer({ min: 0, max: 4 }),
      hostPort: fc.constantFrom(0, 0, 8080, 9090),
      createdAt: fc.nat({ max: 3 }),
    })
    .map(({ replicas, cpuMillicores, memoryGib, hostPort, createdAt }) =>
      buildWorkloadRow(
        `wl${LETTERS[index]}`,
        {
          replicas,
          resources: { requests: { cpuMillicores, memoryBytes: memoryGib * GIB } },
          ports: [{ name: 'http', containerPort: 80, hostPort }],
        },
        { createdAt },
      ),
    );
const several = <T>(make: (index: number) => fc.Arbitrary<T>, max: number): fc.Arbitrary<T[]> =>
  fc.integer({ min: 0, max }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => make(index)))) as fc.Arbitrary<T[]>;
const cluster = fc.record({ nodes: several(node, 6), workloads: several(workload, 5) });

/** What happens to a cluster; `pick` chooses among the rows that there are. */
const happening = fc.record({
  kind: fc.constantFrom(
    'decide',
    'decide',
    'obey',
    'obey',
    'fail',
    'word',
    'cordon',
    'scale',
    'template',
    'toggle',
    'delete',
    'revoke',
    'time',
  ),
  pick: fc.nat(),
  word: fc.constantFrom(...NODE_STATES),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;
const history = fc.array(happening, { maxLength: 60 });

function pickFrom<T>(values: Iterable<T>, pick: number): T | undefined {
  const list = [...values];
  return list[pick % Math.max(1, list.length)];
}

function changeNode(world: World, pick: number, change: (row: NodeRow) => Partial<NodeRow>): void {
  const row = pickFrom(world.nodes.values(), pick);
  if (row) world.nodes.set(row.id, { ...row, ...change(row) });
}

function changeWorkload(world: World, pick: number, change: (row: WorkloadRow) => Partial<WorkloadRow>): void {
  const row = pickFrom(world.workloads.values(), pick);
  if (row) world.workloads.set(row.id, { ...row, generation: row.generation + 1, ...change(row) });
}

function happen(world: World, { kind, pick, word }: Happening): void {
  switch (kind) {
    case 'decide':
      return world.apply(decidePlan(world.snapshot(pick)));
    case 'obey':
      return world.obey();
    case 'fail': {
      const row = pickFrom(
        world.allocations().filter(({ observed }) => !isTerminalPhase(observed.phase)),
        pick,
      );
      if (row) world.observe(row.id, { phase: 'failed', ready: false, cause: { code: 'exited', message: 'exited with code 1' } });
      return;
    }
    case 'word':
      return changeNode(world, pick, ({ state }) => ({ state: { ...state, word } }));
    case 'cordon':
      return changeNode(world, pick, ({ schedulable }) => ({ schedulable: !schedulable }));
    case 'revoke':
      // Seldom, so that there are nodes left to look at.
      return pick % 5 === 0 ? changeNode(world, pick, () => ({ revokedAt: world.now })) : undefined;
    case 'scale':
      return changeWorkload(world, pick, ({ spec }) => ({ spec: { ...spec, replicas: pick % 6 } }));
    case 'template':
      return changeWorkload(world, pick, ({ generation }) => ({ templateGeneration: generation + 1 }));
    case 'toggle':
      return changeWorkload(world, pick, ({ runState }) => ({ runState: runState === 'running' ? 'stopped' : 'running' }));
    case 'delete':
      return pick % 3 === 0 ? changeWorkload(world, pick, () => ({ deletedAt: world.now })) : undefined;
    case 'time':
      world.now += pick % 20_000;
      return;
    default:
      unreachable(kind);
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function expectNothingOverbooked(world: World): void {
  for (const row of world.nodes.values()) {
    const held = world.allocations().filter((allocation) => allocation.nodeId === row.id && isReserving(allocation));
    const requests = held.map(({ spec }) => effectiveResources(spec).requests);
    expect(sum(requests.map(({ cpuMillicores }) => cpuMillicores))).toBeLessThanOrEqual(row.allocatable.cpuMillicores);
    expect(sum(requests.map(({ memoryBytes }) => memoryBytes))).toBeLessThanOrEqual(row.allocatable.memoryBytes);
    const ports = held.flatMap(({ spec }) => spec.ports.map(({ hostPort }) => hostPort)).filter((port) => port > 0);
    expect(new Set(ports).size).toBe(ports.length);
  }
}

function expectSlotsHeldOnce(world: World): void {
  const current = new Set<string>();
  for (const row of world.allocations()) {
    const wanted = world.workloads.get(row.workloadId);
    const word = world.nodes.get(row.nodeId)?.state.word;
    if (row.desired !== 'running' || isTerminalPhase(row.observed.phase) || row.templateGeneration !== wanted?.templateGeneration) continue;
    if (word === 'lost' || word === 'left') continue;
    const key = `${row.workloadId}/${row.slot}/${row.templateGeneration}`;
    expect(current.has(key), `${key} is held twice`).toBe(false);
    current.add(key);
  }
}

/** Each slot without an allocation says why, with each node counted once, and what would help. */
function expectExplained(plan: Plan): void {
  for (const { unplaced } of plan.why) {
    for (const one of unplaced) {
      expect(one.reasons.length).toBeGreaterThan(0);
      for (const reason of one.reasons) expect(reason.message).not.toBe('');
      if (one.retryAt !== undefined) continue;
      expect(sum(one.reasons.map(({ nodeCount }) => nodeCount))).toBe(one.nodeCount);
      expect(one.remedy?.message).toBeTruthy();
    }
  }
}

describe('for every cluster and history', () => {
  it('never reserves more than a device lends, nor one host port twice', () => {
    fc.assert(
      fc.property(cluster, history, ({ nodes, workloads }, happenings) => {
        const world = createWorld(nodes, workloads);
        for (const one of happenings) {
          happen(world, one);
          expectNothingOverbooked(world);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('makes plans that break no rule and explain every slot that they leave open', () => {
    fc.assert(
      fc.property(cluster, history, ({ nodes, workloads }, happenings) => {
        const world = createWorld(nodes, workloads);
        for (const one of happenings) {
          happen(world, one);
          const snapshot = world.snapshot();
          const plan = decidePlan(snapshot);
          expect(validatePlan(plan, snapshot)).toEqual([]);
          expectExplained(plan);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('decides the same for the same snapshot, and changes nothing of it', () => {
    fc.assert(
      fc.property(cluster, history, fc.nat(), ({ nodes, workloads }, happenings, seed) => {
        const world = createWorld(nodes, workloads);
        for (const one of happenings) happen(world, one);
        const snapshot = world.snapshot(seed);
        const before = structuredClone(snapshot);
        expect(decidePlan(snapshot)).toEqual(decidePlan(world.snapshot(seed)));
        expect(snapshot).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  it('reaches a fixpoint when the world stands still, with each slot served once or explained', () => {
    fc.assert(
      fc.property(cluster, history, ({ nodes, workloads }, happenings) => {
        const world = createWorld(nodes, workloads);
        for (const one of happenings) happen(world, one);
        world.converge();
        // Past every back-off; what is wanted then stays so.
        world.now += 600_000;
        const plan = world.converge();
        expectSlotsHeldOnce(world);
        for (const { workloadId, unplaced } of plan.why) {
          const wanted = world.workloads.get(workloadId);
          if (!wanted || wanted.deletedAt !== undefined || wanted.runState === 'stopped') continue;
          const held = world.allocations().filter((row) => row.workloadId === workloadId && row.desired === 'running');
          const isOpen = (slot: number): boolean => !held.some((row) => row.slot === slot) && !unplaced.some((one) => one.slot === slot);
          expect(Array.from({ length: wanted.spec.replicas }, (_, slot) => slot).filter(isOpen)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('forgets only what has ended, and never the last failure that a slot waits for', () => {
    fc.assert(
      fc.property(cluster, history, ({ nodes, workloads }, happenings) => {
        const world = createWorld(nodes, workloads);
        for (const one of happenings) happen(world, one);
        const snapshot = world.snapshot();
        const { remove } = decideCollection(snapshot, { keepNewest: 0, keepMs: 0, maxRemovals: 1000 });
        const gone = new Set(remove.map(({ allocationId }) => allocationId));
        const forgotten = world.allocations().filter(({ id }) => gone.has(id));
        expect(forgotten.filter(({ desired }) => desired === 'running')).toEqual([]);
        const waitsBefore = decidePlan(snapshot).why;
        world.apply({ basedOn: 0, place: [], update: [], stop: [], remove, why: [], truncated: false });
        expect(decidePlan(world.snapshot()).why.map(({ unplaced }) => unplaced.map(({ retryAt }) => retryAt))).toEqual(
          waitsBefore.map(({ unplaced }) => unplaced.map(({ retryAt }) => retryAt)),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('asks for nothing more right after its plan was applied, unless it had to stop at its limit', () => {
    fc.assert(
      fc.property(cluster, history, ({ nodes, workloads }, happenings) => {
        const world = createWorld(nodes, workloads);
        for (const one of happenings) happen(world, one);
        const plan = decidePlan(world.snapshot());
        world.apply(plan);
        const next = decidePlan(world.snapshot());
        expect(next.place).toEqual([]);
        expect(countOperations(next)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
