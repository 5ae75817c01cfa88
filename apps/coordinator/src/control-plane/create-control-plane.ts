import type { CommitOutcome, WriteBatch } from '@cloudless/db';
import { backoffMs, unreachable, type Timer } from '@cloudless/kernel';
import { createSettled, decideCollection, decidePlan, DEFAULT_OPTIONS, type Plan } from '@cloudless/scheduler';
import type { ControlPlaneParts } from '../parts.ts';
import { createPlanner, createSnapshotReader, type ApplyOutcome } from '../planner/index.ts';
import { createCauseTrail } from './cause-trail.ts';
import type { ControlPlane } from './control-plane.ts';
import { createExplanations } from './explanations.ts';

/** A pass is made at least this often, whatever was missed: ages count, and wall clocks are set. */
const RESYNC_MS = 30_000;
/** Between tries when the store does not answer, or refuses. */
const RETRY = { baseMs: 50, maxMs: 5000, factor: 2, jitter: 0.5 };
/** Plans in a row that may be overtaken before the next waits. */
const STALE_RUN = 3;

/**
 * The loop of decisions: snapshot → plan → validated batch, one pass at a time. It wakes on changed rows, at the times that the scheduler
 * names, and every 30 s, and it asks only what is, never what happened: a missed or doubled trigger costs nothing.
 */
export function createControlPlane({ store, clock, entropy, logger, counts }: ControlPlaneParts): ControlPlane {
  const explanations = createExplanations();
  const trail = createCauseTrail();
  const settled = createSettled();
  const snapshots = createSnapshotReader(store, counts);
  const planner = createPlanner({ store, clock, entropy, snapshots, findCause: trail.findCause });
  const stopping = new AbortController();
  let isDue = false;
  let running: Promise<void> | undefined;
  let timer: Timer | undefined;
  let decided = { atMs: -Infinity, inMs: 0 };

  function wake(): void {
    if (stopping.signal.aborted) return;
    isDue = true;
    running ??= run().finally(() => (running = undefined));
  }

  const drawSeed = (): number => Math.floor(entropy.random() * 2 ** 32);

  /** @returns `undefined` when its placements did not hold, and nothing was written */
  async function deployPlaced(batch: WriteBatch): Promise<CommitOutcome | undefined> {
    if (running || isDue || stopping.signal.aborted) return undefined;
    const placed = planner.withPlacements(batch, drawSeed());
    if (!placed) return undefined;
    // Decided in place of a pass: none may begin before its outcome is known, or both would give the same room away.
    const { promise, resolve } = Promise.withResolvers<void>();
    running = promise;
    const startedMs = clock.bootMs();
    try {
      const outcome = await store.commit(placed);
      const event = { op: 'plan.deploy', basedOn: placed.basedOn, durationMs: clock.bootMs() - startedMs };
      if (outcome.kind === 'committed') logger.info({ ...event, outcome: 'ok', revision: outcome.revision });
      else logger.info({ ...event, outcome: 'aborted', reason: `${outcome.table} ${outcome.id} changed` });
      return outcome.kind === 'committed' ? outcome : undefined;
    } finally {
      running = undefined;
      resolve();
      // In a turn of its own: who is answered waits for no pass, which mostly finds nothing left to do.
      if (isDue) sleepUntil(clock.now());
    }
  }

  /** One decision and its outcome. Sets when the next is due if nothing changes before. */
  async function pass(): Promise<ApplyOutcome> {
    const startedMs = clock.bootMs();
    const snapshot = snapshots.read({ now: clock.now(), seed: drawSeed() });
    const plan = decidePlan(snapshot, DEFAULT_OPTIONS, settled);
    const decision = { plan, collection: decideCollection(snapshot), unplaced: explanations.findNews(plan) };
    decided = { atMs: clock.bootMs(), inMs: clock.bootMs() - startedMs };
    const outcome = await planner.apply(decision, stopping.signal);
    if (outcome.kind === 'committed' || outcome.kind === 'unchanged') {
      explanations.take(plan, snapshot);
      if (plan.truncated) isDue = true;
      sleepUntil(plan.wakeAt);
    }
    tell(plan, outcome, clock.bootMs() - startedMs);
    return outcome;
  }

  async function run(): Promise<void> {
    // Triggers of the same turn share the first pass.
    await Promise.resolve();
    let stumbles = 0;
    while (isDue && !stopping.signal.aborted) {
      isDue = false;
      const isDone = await tryPass();
      stumbles = isDone ? 0 : stumbles + 1;
      if (!isDone) isDue = true;
      const restMs = stumbles >= STALE_RUN ? backoffMs(RETRY, stumbles - STALE_RUN, entropy) : isDue ? oweMs() : 0;
      if (restMs > 0) await clock.sleep(restMs, stopping.signal).catch(() => undefined);
    }
  }

  /** Rests as long as it thought, so that a stream of reports leaves half of the thread to everybody else: they have had it while the plan was written. */
  const oweMs = (): number => decided.inMs - (clock.bootMs() - decided.atMs);

  /** @returns whether the state is as decided */
  async function tryPass(): Promise<boolean> {
    try {
      const { kind } = await pass();
      return kind === 'committed' || kind === 'unchanged';
    } catch (cause) {
      if (!stopping.signal.aborted) logger.warn({ op: 'plan.apply', outcome: 'failed' }, cause);
      return false;
    }
  }

  function sleepUntil(wakeAt = Infinity): void {
    timer?.cancel();
    if (stopping.signal.aborted) return;
    timer = clock.setTimer(Math.max(0, Math.min(RESYNC_MS, wakeAt - clock.now())), wake);
  }

  function tell(plan: Plan, outcome: ApplyOutcome, durationMs: number): void {
    const event = {
      op: 'plan.apply',
      basedOn: plan.basedOn,
      placed: plan.place.length,
      updated: plan.update.length,
      stopped: plan.stop.length,
      removed: plan.remove.length,
      truncated: plan.truncated,
      durationMs,
    };
    switch (outcome.kind) {
      case 'unchanged':
        return;
      case 'committed':
        return logger.info({ ...event, outcome: 'ok', revision: outcome.revision });
      case 'stale':
        return logger.info({ ...event, outcome: 'aborted', reason: outcome.reason });
      case 'refused':
        return logger.error({
          ...event,
          outcome: 'refused',
          violations: outcome.violations.map(({ rule, message }) => `${rule}: ${message}`),
        });
      default:
        unreachable(outcome);
    }
  }

  const stopListening = store.onCommit(({ changes }) => {
    trail.follow(changes);
    // Events decide nothing; a pass whose own batch changed rows is followed by one more, which finds nothing left to do.
    if (changes.some((change) => change.kind !== 'event')) wake();
  });
  sleepUntil();
  wake();

  return {
    unplacedOf: explanations.unplacedOf,
    onExplained: explanations.onChange,
    deploy: async (batch) => (await deployPlaced(batch)) ?? (await store.commit(batch)),
    async settled() {
      if (isDue) wake();
      while (running) await running;
    },
    async stop() {
      stopListening();
      timer?.cancel();
      stopping.abort(new Error('stopping'));
      while (running) await running;
    },
  };
}
