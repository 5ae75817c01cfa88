import { withDeadline, backoffMs, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { isCloudlessError, type AllocationId, type Assignment, type Cause } from '@cloudless/proto';
import type { LogCollector } from '../logs/log-collector.ts';
import type { EngineView, ObservedContainer, Owner, Runtime } from '../runtime/runtime.ts';
import { specHashOf } from '../runtime/spec-hash.ts';
import type { Held } from '../state/held.ts';
import { diff } from './diff.ts';
import { execute } from './execute.ts';
import type { BuiltInImages } from './prepare-image.ts';
import { createWorkerPool, type Turn } from './worker-pool.ts';

/** A full look, whatever events said or failed to say. */
export const FULL_LIST_EVERY_MS = 30_000;
/** Allocations worked on at once. */
const MAX_TURNS = 16;
/** Steps of one allocation in one turn; far more than any path has. */
const MAX_STEPS = 16;
/** A look at the engine that takes longer counts as no answer. */
const LIST_DEADLINE_MS = 20_000;
const ENGINE_BACKOFF = { baseMs: 250, maxMs: 5_000, factor: 1.6, jitter: 0.2 } as const;
const FAULT_RETRY_MS = 2_000;

export type LoopDeps = {
  readonly runtime: Runtime;
  readonly held: Held;
  readonly logs: LogCollector;
  readonly builtIn: BuiltInImages;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly owner: Owner;
  readonly nodeName: string;
  /** Why the owner does not lend the device for it now; `undefined` while it may run. */
  readonly withheld: (assignment: Assignment) => Cause | undefined;
  /** Why its container may not go on: it took more than it may. */
  readonly overused: (id: AllocationId) => Cause | undefined;
  /** Why an assigned replica may not run now, though it stays. */
  readonly pauseOf: (assignment: Assignment) => Cause | undefined;
  /** Called with each look at the engine's state. */
  readonly onEngine: (view: EngineView) => void;
};

export interface ReconcileLoop {
  /** These allocations' assignments changed: decide again, and give up what is no longer wanted. */
  assigned(ids: readonly AllocationId[]): void;
  /** Decides about everything again. */
  reconsider(): void;
  /** Own containers that run, as last observed. */
  running(): readonly ObservedContainer[];
  /**
   * Of replicas that may not run, those that do not: resolves when all are found at rest, or at the signal with those that were. None of
   * them runs again before it may.
   */
  untilAtRest(ids: readonly AllocationId[], signal: AbortSignal): Promise<readonly AllocationId[]>;
  stop(): Promise<void>;
}

/** Brings the engine to what is assigned, and keeps it there: on events, on assignments, on timers, and when the engine comes back. */
export function startReconcileLoop(deps: LoopDeps): ReconcileLoop {
  const { runtime, held, clock, logger, owner, logs } = deps;
  const stopping = new AbortController();
  const observed = new Map<AllocationId, readonly ObservedContainer[]>();
  /** Touched before the first full look: looked at right after it. */
  const early = new Set<AllocationId>();
  /** Spec hash of what is being fetched and started: it is given up when it is no longer wanted. */
  const launches = new Map<AllocationId, string>();
  /** Paused, and found ended by the turn that had nothing left to do. One look earlier a start might still be under way. */
  const atRest = new Set<AllocationId>();
  const restListeners = new Set<() => void>();
  let isObserved = false;
  let platform = 'linux/amd64';
  let lost = new AbortController();
  const pool = createWorkerPool(clock, MAX_TURNS, takeTurn);

  const touch = (id: AllocationId): void => {
    if (isObserved) pool.touch(id);
    else early.add(id);
  };

  function decide(id: AllocationId, containers: readonly ObservedContainer[]) {
    const assignment = held.assignment(id);
    const memory = held.memory(id);
    return diff({
      assignments: assignment ? [assignment] : [],
      memories: memory ? [memory] : [],
      containers,
      complete: held.isComplete,
      now: clock.now(),
      withheld: assignment && deps.withheld(assignment),
      overused: deps.overused(id),
      paused: assignment && deps.pauseOf(assignment),
    });
  }

  function noteContainers(id: AllocationId, containers: readonly ObservedContainer[]): void {
    if (containers.length === 0) observed.delete(id);
    else observed.set(id, containers);
    for (const container of containers) logs.follow(container);
  }

  function noteRest(id: AllocationId, containers: readonly ObservedContainer[], isSettled: boolean): void {
    const assignment = held.assignment(id);
    const isPaused = assignment !== undefined && deps.pauseOf(assignment) !== undefined;
    if (!isSettled || !isPaused || containers.some(({ state }) => state !== 'exited')) return void atRest.delete(id);
    atRest.add(id);
    for (const listener of restListeners) listener();
  }

  async function takeTurn(id: AllocationId, turnSignal: AbortSignal): Promise<Turn> {
    const signal = AbortSignal.any([turnSignal, lost.signal, stopping.signal]);
    try {
      for (let step = 0; step < MAX_STEPS; step += 1) {
        const containers = await withDeadline(
          clock,
          'listing containers',
          LIST_DEADLINE_MS,
          (inner) => runtime.list(owner, id, inner),
          signal,
        );
        noteContainers(id, containers);
        const actions = decide(id, containers);
        noteRest(id, containers, actions.length === 0);
        if (actions.length === 0) return { kind: 'done' };
        for (const action of actions) {
          if (action.kind === 'launch') launches.set(id, specHashOf(action.assignment));
          const result = await execute(action, { ...deps, platform: () => platform }, signal).finally(() => launches.delete(id));
          if (result.kind === 'wait') return { kind: 'later', delayMs: Math.max(0, result.untilAt - clock.now()) };
        }
      }
      return { kind: 'later', delayMs: FAULT_RETRY_MS };
    } catch (cause) {
      if (signal.aborted) return { kind: 'done' };
      if (isCloudlessError(cause) && cause.code === 'engine_unavailable') lost.abort(cause);
      else logger.error({ op: 'allocation.reconcile', outcome: 'failed', allocationId: id }, cause);
      return { kind: 'later', delayMs: FAULT_RETRY_MS };
    }
  }

  async function lookAtAll(signal: AbortSignal): Promise<void> {
    const containers = await withDeadline(
      clock,
      'listing containers',
      LIST_DEADLINE_MS,
      (inner) => runtime.list(owner, undefined, inner),
      signal,
    );
    const byAllocation = Map.groupBy(containers, (container) => container.allocationId);
    for (const id of observed.keys()) if (!byAllocation.has(id)) observed.delete(id);
    for (const [id, own] of byAllocation) noteContainers(id, own);
    isObserved = true;
    const ids = new Set([
      ...byAllocation.keys(),
      ...early,
      ...held.assignments().map((held) => held.allocationId),
      ...held.memories().map((memory) => memory.allocationId),
    ]);
    early.clear();
    for (const id of ids) if (decide(id, byAllocation.get(id) ?? []).length > 0) pool.touch(id);
  }

  /** Subscribes before it looks, so that nothing falls between; returns when the engine is gone. */
  async function observeEngine(): Promise<void> {
    lost = new AbortController();
    const signal = AbortSignal.any([lost.signal, stopping.signal]);
    let gone: Promise<void> | undefined;
    try {
      const { ended } = await withDeadline(
        clock,
        'subscribing to events',
        LIST_DEADLINE_MS,
        () => runtime.watch(owner, (event) => touch(event.allocationId), signal),
        signal,
      );
      gone = ended.then(() => lost.abort(new Error('the event stream ended')));
      for (;;) {
        await lookAtAll(signal);
        await clock.sleep(FULL_LIST_EVERY_MS, signal);
      }
    } finally {
      lost.abort(new Error('observation ended'));
      isObserved = false;
      await gone;
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const view = await runtime.probe(stopping.signal);
      deps.onEngine(view);
      if (view.engine.state === 'ready') {
        platform = view.engine.platform;
        const startedAt = clock.bootMs();
        await observeEngine().catch((cause: unknown) => {
          if (!stopping.signal.aborted) logger.warn({ op: 'engine.observe', outcome: 'failed' }, cause);
        });
        if (clock.bootMs() - startedAt > ENGINE_BACKOFF.maxMs) failures = 0;
      }
      if (stopping.signal.aborted) return;
      await clock.sleep(backoffMs(ENGINE_BACKOFF, failures, deps.entropy), stopping.signal).catch(() => undefined);
      failures += 1;
    }
  }

  const running = run();
  function assigned(ids: readonly AllocationId[]): void {
    // A COMPLETE also decides about containers that no assignment names.
    for (const id of new Set([...ids, ...observed.keys()])) {
      const assignment = held.assignment(id);
      const launching = launches.get(id);
      const isWanted =
        assignment?.desired === 'running' &&
        !deps.withheld(assignment) &&
        !deps.pauseOf(assignment) &&
        specHashOf(assignment) === launching;
      if (launching !== undefined && !isWanted) pool.interrupt(id);
      touch(id);
    }
  }

  return {
    assigned,
    reconsider: () => assigned(held.assignments().map(({ allocationId }) => allocationId)),
    untilAtRest(ids, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => void (ids.every((id) => atRest.has(id)) && resolve());
      restListeners.add(look);
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
      look();
      return promise.then(() => {
        restListeners.delete(look);
        return ids.filter((id) => atRest.has(id));
      });
    },
    running: () => [...observed.values()].flat().filter((container) => container.state === 'running'),
    async stop() {
      stopping.abort(new Error('the agent stops'));
      await pool.stop();
      await running;
    },
  };
}
