import { unreachable } from '@cloudless/kernel';
import { fencedAfterMs, isTerminalPhase, leaseMsOf, NODE_STATES, type AllocationId, type AllocationRow } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decidePlan } from './decide-plan.ts';
import type { Plan } from './plan.ts';
import { createWorld, type World } from './testing/index.ts';
import { validatePlan } from './validate-plan.ts';

const KINDS = [
  ['grant', 6],
  ['decide', 6],
  ['apply', 4],
  ['report', 3],
  ['time', 4],
  ['word', 3],
  ['fail', 1],
  ['template', 1],
  ['scale', 1],
  ['toggle', 1],
  ['drain', 1],
  ['revoke', 1],
  ['takeOver', 1],
] as const;
type Kind = (typeof KINDS)[number][0];
const happening = fc.record({
  kind: fc.oneof(...KINDS.map(([kind, weight]) => ({ weight, arbitrary: fc.constant<Kind>(kind) }))),
  pick: fc.nat(),
});
type Happening = { readonly kind: Kind; readonly pick: number };

const pickFrom = <T>(values: readonly T[], pick: number): T | undefined => values[pick % Math.max(1, values.length)];

/** A world with what its devices really do: a container runs for as long as its lease, by a clock that is 1 % slow, and then its grace. */
function createLeasedWorld() {
  const nodes = ['laptop', 'pi', 'nas'].map((name) => buildNodeRow(name));
  const workload = buildWorkloadRow('db', { exclusive: true, replicas: 2, disconnect: { stopAfterMs: 15_000 } });
  const world = createWorld(nodes, [workload]);
  const runsUntil = new Map<AllocationId, number>();
  let planned: Plan | undefined;

  const live = () => world.allocations().filter(({ observed }) => !isTerminalPhase(observed.phase));
  const isRemoved = (row: AllocationRow): boolean => world.nodes.get(row.nodeId)?.revokedAt !== undefined;
  const isHeard = (row: AllocationRow): boolean => {
    const node = world.nodes.get(row.nodeId);
    return !isRemoved(row) && (node?.state.word === 'online' || node?.state.word === 'degraded');
  };

  /** As the leader does: to what is wanted as its rows stand now, wherever its plans have got to. */
  function grant(row: AllocationRow | undefined): void {
    if (row?.desired !== 'running' || isRemoved(row)) return;
    const { spec } = row;
    world.fencedAt.set(row.id, world.now + fencedAfterMs(spec));
    runsUntil.set(row.id, world.now + leaseMsOf(spec) * 1.01 + spec.terminationGraceMs);
  }

  function report(row: AllocationRow | undefined): void {
    if (!row || !isHeard(row)) return;
    if (row.desired === 'stopped') {
      runsUntil.delete(row.id);
      world.observe(row.id, { phase: 'stopped', ready: false });
    } else if ((runsUntil.get(row.id) ?? 0) > world.now) world.observe(row.id, { phase: 'running', ready: true });
  }

  function changeWorkload(change: Parameters<typeof Object.assign>[1]): void {
    const row = world.workloads.get(workload.id);
    if (row) world.workloads.set(row.id, { ...row, generation: row.generation + 1, ...change });
  }

  function changeNode(pick: number, change: Parameters<typeof Object.assign>[1]): void {
    const row = pickFrom([...world.nodes.values()], pick);
    if (row) world.nodes.set(row.id, { ...row, ...change });
  }

  function happen({ kind, pick }: Happening): void {
    switch (kind) {
      case 'grant':
        return grant(pickFrom(live(), pick));
      case 'decide':
        planned = decidePlan(world.snapshot(pick));
        return;
      case 'apply':
        // What was decided may be old by now: the planner looks again, in the turn in which it writes.
        if (planned && validatePlan(planned, world.snapshot()).length === 0) world.apply(planned);
        planned = undefined;
        return;
      case 'report':
        return report(pickFrom(live(), pick));
      case 'fail': {
        const row = pickFrom(live(), pick);
        if (!row || !isHeard(row)) return;
        runsUntil.delete(row.id);
        return world.observe(row.id, { phase: 'failed', ready: false, cause: { code: 'exited', message: 'exited with code 1' } });
      }
      case 'time':
        world.now += pick % 40_000;
        return;
      case 'word': {
        const word = NODE_STATES[pick % NODE_STATES.length] ?? 'online';
        return changeNode(pick, { state: { word, cause: { code: word, message: word }, sinceAt: world.now } });
      }
      case 'template':
        return changeWorkload({ templateGeneration: (world.workloads.get(workload.id)?.generation ?? 0) + 1 });
      case 'scale':
        return changeWorkload({ spec: { ...workload.spec, replicas: pick % 3 } });
      case 'toggle':
        return changeWorkload({ runState: pick % 2 === 0 ? 'running' : 'stopped' });
      case 'drain':
        return changeNode(pick, pick % 2 === 0 ? { drain: undefined } : { drain: { sinceAt: 1, purpose: 'empty', cause: workload } });
      case 'revoke':
        return pick % 7 === 0 ? changeNode(pick, { revokedAt: world.now }) : undefined;
      case 'takeOver':
        // A new leader knows of no grant, and counts every lease as granted now.
        for (const row of live()) world.fencedAt.set(row.id, world.now + fencedAfterMs(row.spec));
        return;
      default:
        unreachable(kind);
    }
  }

  /** Slots of which two run, or one runs and another may be allowed to at any moment. */
  function doubled(): readonly string[] {
    const bySlot = Map.groupBy(world.allocations(), (row) => row.slot);
    return [...bySlot].flatMap(([slot, rows]) => {
      const running = rows.filter((row) => (runsUntil.get(row.id) ?? 0) > world.now);
      const allowed = rows.filter((row) => row.desired === 'running' && !isTerminalPhase(row.observed.phase) && !isRemoved(row));
      const ids = new Set([...running, ...allowed].map(({ id }) => id));
      return ids.size > 1 ? [`slot ${slot}: ${[...ids].join(', ')}`] : [];
    });
  }

  return { world, happen, doubled, report, grant, live };
}

const history = fc.array(happening, { minLength: 20, maxLength: 80, size: 'max' });
const heal = (world: World): void => {
  for (const row of world.nodes.values()) {
    const { drain: _, revokedAt: __, ...rest } = row;
    world.nodes.set(row.id, { ...rest, state: { word: 'online', cause: { code: 'connected', message: 'answers' }, sinceAt: world.now } });
  }
};

describe('for every history of grants, plans and outages', () => {
  it('an exclusive slot is never given to two that may run at once', () => {
    fc.assert(
      fc.property(history, (happenings) => {
        const leased = createLeasedWorld();
        for (const one of happenings) {
          leased.happen(one);
          expect(leased.doubled()).toEqual([]);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('an exclusive slot is served again once all is well', () => {
    fc.assert(
      fc.property(history, (happenings) => {
        const leased = createLeasedWorld();
        const { world } = leased;
        for (const one of happenings) leased.happen(one);
        heal(world);
        for (let round = 0; round < 30; round += 1) {
          world.now += 60_000;
          world.apply(decidePlan(world.snapshot()));
          for (const row of leased.live()) {
            leased.grant(row);
            leased.report(row);
          }
        }
        const [workload] = world.workloads.values();
        const wanted = workload?.runState === 'running' ? workload.spec.replicas : 0;
        const serving = leased.live().filter(({ desired, observed }) => desired === 'running' && observed.ready);
        expect(serving.map(({ slot }) => slot).toSorted((a, b) => a - b)).toEqual([0, 1].slice(0, wanted));
      }),
      { numRuns: 200 },
    );
  });
});
