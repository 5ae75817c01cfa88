import type { AllocationId, AllocationObserved, AllocationPhase, Cause } from '@cloudless/proto';

/** What the agent remembers of an allocation, durably: what it last reported, and how often in a row it had to restart it. */
export type AllocationMemory = {
  readonly allocationId: AllocationId;
  readonly observed: AllocationObserved;
  /** Restarts and failed starts in a row, each within RETRY_WINDOW_MS of the one before. */
  readonly retries: number;
  /** Wall time of the newest of them. */
  readonly retriedAt?: number;
};

const RANK: Readonly<Record<AllocationPhase, number>> = {
  pending: 0,
  pulling: 1,
  starting: 2,
  running: 3,
  stopping: 4,
  stopped: 5,
  failed: 5,
};

/** Phases move forward only: the later of the two, and of two ends the first. */
export const forwardPhase = (from: AllocationPhase, to: AllocationPhase): AllocationPhase => (RANK[to] > RANK[from] ? to : from);

/** Fields that end with the state they describe: each change names them again or loses them. */
export type ObservedChange = Pick<AllocationObserved, 'phase' | 'ready' | 'cause'> &
  Partial<Pick<AllocationObserved, 'generation' | 'restarts' | 'containerId' | 'hostPorts' | 'exit' | 'pull' | 'nextTryAt'>>;

/** The memory of an allocation that was never seen before. */
export function createMemory(allocationId: AllocationId, generation: number, now: number): AllocationMemory {
  const cause: Cause = { code: 'assigned', message: 'The device was told to run it.' };
  return {
    allocationId,
    retries: 0,
    observed: { phase: 'pending', ready: false, cause, restarts: 0, sinceAt: now, generation, hostPorts: {} },
  };
}

/**
 * The memory after `change`. `sinceAt` moves only when phase, readiness or the kind of cause does; `restarts`, `exit` and
 * `generation` are kept when not named.
 */
export function withObserved(memory: AllocationMemory, change: ObservedChange, now: number): AllocationMemory {
  const before = memory.observed;
  const phase = forwardPhase(before.phase, change.phase);
  const same = phase === before.phase && change.ready === before.ready && change.cause.code === before.cause.code;
  const exit = change.exit ?? before.exit;
  const observed: AllocationObserved = {
    phase,
    ready: change.ready,
    cause: change.cause,
    restarts: change.restarts ?? before.restarts,
    sinceAt: same ? before.sinceAt : now,
    generation: change.generation ?? before.generation,
    hostPorts: change.hostPorts ?? {},
    ...(change.containerId === undefined ? {} : { containerId: change.containerId }),
    ...(exit === undefined ? {} : { exit }),
    ...(change.pull === undefined ? {} : { pull: change.pull }),
    ...(change.nextTryAt === undefined ? {} : { nextTryAt: change.nextTryAt }),
  };
  return { ...memory, observed };
}

/** Whether a report would say the same. */
export function isSameObserved(a: AllocationObserved, b: AllocationObserved): boolean {
  return canonical(a) === canonical(b);
}

const canonical = (observed: AllocationObserved): string => {
  const { phase, ready, cause, restarts, sinceAt, generation, containerId, hostPorts, exit, pull, nextTryAt } = observed;
  const ports = Object.entries(hostPorts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    phase,
    ready,
    cause.code,
    cause.message,
    restarts,
    sinceAt,
    generation,
    containerId,
    ports,
    exit?.code,
    exit?.at,
    pull,
    nextTryAt,
  ]);
};
