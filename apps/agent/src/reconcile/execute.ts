import { unreachable, withDeadline, type Clock, type Logger } from '@cloudless/kernel';
import { CloudlessError, isCloudlessError, type AllocationId, type Assignment, type Cause } from '@cloudless/proto';
import type { LogCollector } from '../logs/log-collector.ts';
import { planContainer } from '../runtime/container-plan.ts';
import type { Owner, Runtime } from '../runtime/runtime.ts';
import type { Held } from '../state/held.ts';
import { afterFailure } from './after-failure.ts';
import { withObserved, type AllocationMemory } from './allocation-memory.ts';
import type { Action } from './diff.ts';
import { prepareImage, type BuiltInImages } from './prepare-image.ts';

export type ExecuteDeps = {
  readonly runtime: Runtime;
  readonly held: Held;
  readonly logs: Pick<LogCollector, 'drain' | 'retire'>;
  readonly builtIn: BuiltInImages;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly owner: Owner;
  readonly nodeName: string;
  /** Why a replica may not run now. Asked again right before each start: an image took its time, or the agent stood still. */
  readonly pauseOf: (assignment: Assignment) => Cause | undefined;
  /** Of the engine as last seen. */
  readonly platform: () => string;
};

/** What the allocation's worker does next. */
export type Executed = { readonly kind: 'again' } | { readonly kind: 'wait'; readonly untilAt: number };

/**
 * What an engine may take for one request, beyond the grace of a stop. One that answers other requests and never this one is asked
 * again; without an end, the allocation would stay as it is for as long as the agent runs.
 */
const REQUEST_DEADLINE_MS = 60_000;

const AGAIN: Executed = { kind: 'again' };

/**
 * Takes one step. Memory is durable before the engine is asked, but for a stop. A start that fails is remembered as a failure with its cause and is no
 * error here; only the engine being away is thrown, because nothing else can be done until it is back.
 *
 * @throws CloudlessError engine_unavailable; the signal's reason
 */
export async function execute(action: Action, deps: ExecuteDeps, signal: AbortSignal): Promise<Executed> {
  const { runtime, held } = deps;
  switch (action.kind) {
    case 'wait':
      return { kind: 'wait', untilAt: action.untilAt };
    case 'settle':
      await held.remember(action.memory);
      return AGAIN;
    case 'forget':
      await held.forget(action.allocationId);
      await deps.logs.retire(action.allocationId);
      return AGAIN;
    case 'launch':
      return attempt('allocation.launch', action, deps, () => launch(action.assignment, action.memory, deps, signal));
    case 'start':
      return attempt('allocation.start', action, deps, () => start(action.assignment, action.containerId, deps, signal));
    case 'stop': {
      // Alone of all steps it waits for no disk: after a kill it is decided again, and what an owner takes back ends on a full disk too.
      const remembered = action.memory ? held.remember(action.memory) : Promise.resolve();
      remembered.catch(() => undefined);
      await timed('allocation.stop', action.allocationId, deps, () =>
        withDeadline(
          deps.clock,
          'stopping the container',
          action.graceMs + REQUEST_DEADLINE_MS,
          (inner) => runtime.stop(action.containerId, action.graceMs, inner),
          signal,
        ),
      );
      await remembered;
      return AGAIN;
    }
    case 'remove':
      if (action.memory) await held.remember(action.memory);
      await deps.logs.drain(action.allocationId, action.containerId);
      await timed('allocation.remove', action.allocationId, deps, () =>
        withDeadline(
          deps.clock,
          'removing the container',
          REQUEST_DEADLINE_MS,
          (inner) => runtime.remove(action.containerId, inner),
          signal,
        ),
      );
      return AGAIN;
    default:
      return unreachable(action);
  }
}

async function launch(assignment: Assignment, memory: AllocationMemory, deps: ExecuteDeps, signal: AbortSignal): Promise<void> {
  const { runtime, held, clock, builtIn } = deps;
  let current = memory;
  const enter = async (
    phase: 'pulling' | 'starting',
    code: string,
    message: string,
    pull?: { currentBytes: number; totalBytes: number },
  ) => {
    const isProgress = current.observed.cause.code === code;
    // A restart keeps saying why it restarts, until it runs again.
    const cause = current.observed.restarts > 0 && phase === 'starting' ? current.observed.cause : { code, message };
    current = withObserved(current, { phase, ready: false, cause, ...(pull ? { pull } : {}) }, clock.now());
    await held.remember(current, { durable: !isProgress });
  };
  await prepareImage(
    assignment.spec.image,
    {
      runtime,
      builtIn,
      clock,
      platform: deps.platform(),
      onFetching: (pull) => enter('pulling', 'pulling', `Fetching ${assignment.spec.image}.`, pull),
    },
    signal,
  );
  await enter('starting', 'starting', 'The container is being made.');
  const plan = planContainer(assignment, deps.owner, deps.nodeName, (image) => builtIn.has(image));
  const containerId = await withDeadline(
    clock,
    'making the container',
    REQUEST_DEADLINE_MS,
    (inner) => runtime.create(plan, inner),
    signal,
  );
  await start(assignment, containerId, deps, signal);
}

async function start(
  assignment: Assignment,
  containerId: string,
  { clock, runtime, pauseOf }: ExecuteDeps,
  signal: AbortSignal,
): Promise<void> {
  if (pauseOf(assignment)) return;
  await withDeadline(clock, 'starting the container', REQUEST_DEADLINE_MS, (inner) => runtime.start(containerId, inner), signal);
}

type Attempt = Extract<Action, { kind: 'launch' | 'start' }>;

async function attempt(op: string, action: Attempt, deps: ExecuteDeps, work: () => Promise<void>): Promise<Executed> {
  const { assignment, memory } = action;
  const { held } = deps;
  if (held.memory(assignment.allocationId) !== memory) await held.remember(memory);
  try {
    await timed(op, assignment.allocationId, deps, work, { workload: assignment.workloadName, restarts: memory.observed.restarts });
  } catch (cause) {
    // Gone meanwhile: the next look finds it absent and decides anew.
    if (!isCloudlessError(cause) || cause.code === 'not_found') {
      if (isCloudlessError(cause)) return AGAIN;
      throw cause;
    }
    await held.remember(afterFailure(held.memory(assignment.allocationId) ?? memory, assignment, cause, deps.clock.now()));
    if (cause.code === 'engine_unavailable') throw cause;
  }
  return AGAIN;
}

async function timed(
  op: string,
  allocationId: AllocationId,
  deps: ExecuteDeps,
  work: () => Promise<void>,
  fields: Record<string, string | number> = {},
): Promise<void> {
  const startedAt = deps.clock.bootMs();
  const event = () => ({ op, allocationId, ...fields, durationMs: Math.round(deps.clock.bootMs() - startedAt) });
  try {
    await work();
    deps.logger.info({ ...event(), outcome: 'ok' });
  } catch (cause) {
    const code = cause instanceof CloudlessError ? cause.code : 'internal';
    deps.logger.warn({ ...event(), outcome: 'failed', 'error.code': code }, cause);
    throw cause;
  }
}
