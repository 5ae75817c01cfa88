import { isTerminalPhase, type Assignment } from '@cloudless/proto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ObservedContainer } from '../runtime/runtime.ts';
import { specHashOf } from '../runtime/spec-hash.ts';
import { buildAssignment } from '../testing/build-assignment.ts';
import { createMemory, withObserved, type AllocationMemory } from './allocation-memory.ts';
import { diff, type Action } from './diff.ts';

const NOW = 1_700_000_000_000;
const web = buildAssignment();

const containerOf = (assignment: Assignment, more: Partial<ObservedContainer> = {}): ObservedContainer => ({
  containerId: 'c1',
  allocationId: assignment.allocationId,
  generation: 1,
  specHash: specHashOf(assignment),
  state: 'running',
  createdAt: NOW,
  graceMs: 1000,
  hostPorts: { http: 32_768 },
  ...more,
});
const running = (assignment = web): AllocationMemory =>
  withObserved(
    createMemory(assignment.allocationId, 1, NOW),
    { phase: 'running', ready: true, cause: { code: 'started', message: 'It runs.' }, containerId: 'c1', hostPorts: { http: 32_768 } },
    NOW,
  );
const decide = (
  assignments: Assignment[],
  containers: ObservedContainer[],
  memories: AllocationMemory[],
  complete = true,
): readonly Action[] => diff({ assignments, containers, memories, complete, now: NOW });

test('what is as assigned needs nothing', () => {
  expect(decide([web], [containerOf(web)], [running()])).toEqual([]);
});

test('a container without memory is adopted, never restarted', () => {
  expect(decide([web], [containerOf(web)], [])).toMatchObject([
    { kind: 'settle', memory: { observed: { phase: 'running', ready: true, restarts: 0, cause: { code: 'adopted' } } } },
  ]);
});

test('an unassigned container is touched only after a COMPLETE', () => {
  expect(decide([], [containerOf(web)], [running()], false)).toEqual([]);
  expect(decide([], [containerOf(web)], [running()])).toMatchObject([{ kind: 'stop', containerId: 'c1', graceMs: 1000 }]);
  expect(decide([], [containerOf(web, { state: 'exited' })], [])).toMatchObject([{ kind: 'remove', containerId: 'c1' }]);
  expect(decide([], [], [running()])).toEqual([{ kind: 'forget', allocationId: web.allocationId }]);
});

test('a doubled container is ended and the running one kept', () => {
  const actions = decide([web], [containerOf(web, { containerId: 'c0', state: 'exited' }), containerOf(web)], [running()]);
  expect(actions).toEqual([{ kind: 'remove', allocationId: web.allocationId, containerId: 'c0' }]);
});

test('an end while it may not run again is counted once, and one that a pause asked for is not', () => {
  const paused = { code: 'leaseAwaited', message: 'It waits for its lease.' };
  const look = (containers: ObservedContainer[], memory: AllocationMemory): readonly Action[] =>
    diff({ assignments: [web], containers, memories: [memory], complete: true, now: NOW, paused });
  const ended = containerOf(web, { state: 'exited', hostPorts: {}, exit: { code: 137, oomKilled: false, at: NOW - 5 } });
  for (const containers of [[ended], []]) {
    const [found] = look(containers, running());
    expect(found).toMatchObject({ kind: 'settle', memory: { observed: { ready: false, restarts: 1, cause: paused } } });
    expect(look(containers, found && 'memory' in found && found.memory ? found.memory : running())).toEqual([]);
  }
  const [stop] = look([containerOf(web)], running());
  const asked = stop?.kind === 'stop' && stop.memory ? stop.memory : running();
  expect(look([ended], asked)).toMatchObject([{ kind: 'settle', memory: { observed: { restarts: 0, exit: { code: 137 } } } }]);
});

test('an exit is counted once, whatever happens between deciding and starting', () => {
  const exited = containerOf(web, { state: 'exited', hostPorts: {}, exit: { code: 1, oomKilled: false, at: NOW - 5 } });
  const [first] = decide([web], [exited], [running()]);
  expect(first).toMatchObject({
    kind: 'start',
    memory: { retries: 1, observed: { restarts: 1, ready: false, cause: { code: 'restarting' } } },
  });
  const [again] = first?.kind === 'start' ? decide([web], [exited], [first.memory]) : [];
  expect(again).toMatchObject({ kind: 'start', memory: { retries: 1, observed: { restarts: 1 } } });
});

test('a vanished container is made again, with its cause', () => {
  expect(decide([web], [], [running()])).toMatchObject([
    {
      kind: 'launch',
      memory: { observed: { phase: 'running', ready: false, restarts: 1, cause: { params: { reason: 'container_gone' } } } },
    },
  ]);
});

test('a changed spec replaces the container and is no restart', () => {
  const changed = { ...web, generation: 2, spec: { ...web.spec, env: { A: 'b' } } };
  expect(decide([changed], [containerOf(web)], [running()])).toMatchObject([
    { kind: 'stop', memory: { observed: { restarts: 0, cause: { code: 'replacing' } } } },
  ]);
  const scaled = { ...web, generation: 2, spec: { ...web.spec, replicas: 9 } };
  expect(decide([scaled], [containerOf(web)], [running()])).toMatchObject([{ kind: 'settle', memory: { observed: { generation: 2 } } }]);
});

test('restart policies: never ends, onFailure completes with code 0', () => {
  const exit = { code: 0, oomKilled: false, at: NOW };
  const withPolicy = (policy: 'never' | 'onFailure') => ({
    ...web,
    spec: { ...web.spec, restartPolicy: { policy, maxRetries: 5, backoffMs: 1000 } },
  });
  for (const policy of ['never', 'onFailure'] as const) {
    expect(decide([withPolicy(policy)], [containerOf(web, { state: 'exited', exit })], [running()])).toMatchObject([
      { kind: 'settle', memory: { observed: { phase: 'stopped', cause: { code: 'completed' } } } },
    ]);
  }
  expect(decide([withPolicy('never')], [containerOf(web, { state: 'exited', exit: { ...exit, code: 2 } })], [running()])).toMatchObject([
    { memory: { observed: { phase: 'failed', cause: { code: 'exited' } } } },
  ]);
});

test('a wall clock that was set back far delays no retry', () => {
  const waiting = withObserved(
    running(),
    { phase: 'running', ready: false, cause: { code: 'back_off', message: '' }, nextTryAt: NOW + 86_400_000 },
    NOW,
  );
  expect(decide([web], [], [waiting])).toMatchObject([{ kind: 'launch' }]);
});

const states = fc.constantFrom<ObservedContainer['state']>('created', 'running', 'paused', 'exited');
const containers = fc
  .array(
    fc.record({ state: states, hash: fc.boolean(), code: fc.integer({ min: 0, max: 255 }), at: fc.integer({ min: NOW - 1000, max: NOW }) }),
    { maxLength: 3 },
  )
  .map((all) =>
    all.map(({ state, hash, code, at }, index) =>
      containerOf(web, {
        containerId: `c${index}`,
        state,
        createdAt: NOW + index,
        hostPorts: {},
        ...(hash ? {} : { specHash: 'other' }),
        ...(state === 'exited' ? { exit: { code, oomKilled: false, at } } : {}),
      }),
    ),
  );
const assignments = fc
  .option(
    fc.record({ desired: fc.constantFrom<'running' | 'stopped'>('running', 'stopped'), generation: fc.integer({ min: 1, max: 5 }) }),
    { nil: undefined },
  )
  .map((one) => (one ? [{ ...web, ...one }] : []));
const memories = fc
  .option(
    fc.record({
      phase: fc.constantFrom('pending', 'pulling', 'starting', 'running', 'stopping', 'stopped', 'failed'),
      ready: fc.boolean(),
      retries: fc.integer({ min: 0, max: 6 }),
      known: fc.boolean(),
    }),
    { nil: undefined },
  )
  .map((one): AllocationMemory[] =>
    one
      ? [
          {
            ...withObserved(
              createMemory(web.allocationId, 1, NOW),
              {
                phase: one.phase as 'running',
                ready: one.ready,
                cause: { code: 'x', message: 'x' },
                ...(one.known ? { containerId: 'c0' } : {}),
              },
              NOW,
            ),
            retries: one.retries,
            retriedAt: NOW,
          },
        ]
      : [],
  );

/** Applies a decision to the observed world as a perfect engine would. */
function apply(actions: readonly Action[], world: { containers: ObservedContainer[]; memories: AllocationMemory[] }) {
  let { containers: all, memories: known } = world;
  for (const action of actions) {
    if ('memory' in action && action.memory) known = [action.memory];
    if (action.kind === 'forget') known = [];
    if (action.kind === 'remove') all = all.filter((one) => one.containerId !== action.containerId);
    if (action.kind === 'stop')
      all = all.map((one) =>
        one.containerId === action.containerId ? { ...one, state: 'exited', exit: { code: 143, oomKilled: false, at: NOW + 7 } } : one,
      );
    if (action.kind === 'launch') all = [...all, containerOf(action.assignment, { containerId: 'new', hostPorts: {} })];
    if (action.kind === 'start')
      all = all.map((one) => {
        const { exit: _ended, ...rest } = one;
        return one.containerId === action.containerId ? { ...rest, state: 'running' } : one;
      });
  }
  return { containers: all, memories: known };
}

/** What holds of one round, as the sentence that broke; `undefined` when all does. */
function brokenBy(
  actions: readonly Action[],
  before: AllocationMemory | undefined,
  after: AllocationMemory | undefined,
  mayAct: boolean,
): string | undefined {
  if (!mayAct && actions.length > 0) return 'something unassigned was touched before the first COMPLETE';
  if (before && after && isTerminalPhase(before.observed.phase) && after.observed.phase !== before.observed.phase)
    return 'an allocation that ended went on';
  return undefined;
}

/** What holds in the end. */
function wrongEnd(
  assignment: Assignment | undefined,
  complete: boolean,
  present: readonly ObservedContainer[],
  memory: AllocationMemory | undefined,
): string | undefined {
  const alive = present.filter((one) => one.state === 'running').length;
  const isPaused = present.some((one) => one.state === 'paused');
  const wanted = assignment?.desired === 'running' && !isTerminalPhase(memory?.observed.phase ?? 'pending') && !isPaused ? 1 : 0;
  if (!assignment && !complete) return undefined;
  if (assignment?.desired !== 'running' && present.length > 0) return 'a container was left';
  return alive === wanted ? undefined : `${alive} containers run, and ${wanted} should`;
}

test('from any state it converges, an end is final, and what is unassigned before COMPLETE is left alone', () => {
  fc.assert(
    fc.property(assignments, containers, memories, fc.boolean(), (assigned, present, known, complete) => {
      let world = { containers: present, memories: known };
      const mayAct = assigned.length > 0 || complete;
      for (let round = 0; round < 30; round += 1) {
        const actions = diff({ assignments: assigned, ...world, complete, now: NOW + round * 400_000 });
        const next = apply(actions, world);
        const broken = brokenBy(actions, world.memories[0], next.memories[0], mayAct);
        if (broken !== undefined) throw new Error(broken);
        world = next;
        if (actions.length === 0) {
          const wrong = wrongEnd(assigned[0], complete, world.containers, world.memories[0]);
          if (wrong !== undefined) throw new Error(wrong);
          return;
        }
      }
      throw new Error('it did not converge in 30 rounds');
    }),
    { numRuns: 500 },
  );
});

test('a stop that has begun is finished when its reason has passed', () => {
  const cause = { code: 'lending_withheld', message: 'The device does not lend now.' };
  const stopping = withObserved(running(), { phase: 'stopping', ready: false, cause, containerId: 'c1' }, NOW);
  expect(decide([web], [containerOf(web)], [stopping])).toMatchObject([{ kind: 'stop', containerId: 'c1' }]);
  const exited = containerOf(web, { state: 'exited', hostPorts: {}, exit: { code: 0, oomKilled: false, at: NOW } });
  expect(decide([web], [exited], [stopping])).toMatchObject([{ kind: 'remove', containerId: 'c1' }]);
  expect(decide([web], [], [stopping])).toMatchObject([{ kind: 'settle', memory: { observed: { phase: 'stopped', cause } } }]);
});
