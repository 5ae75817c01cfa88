import type { AllocationId, Assignment, Cause } from '@cloudless/proto';
import { isTerminalPhase } from '@cloudless/proto';
import type { ObservedContainer } from '../runtime/runtime.ts';
import { specHashOf } from '../runtime/spec-hash.ts';
import { createMemory, isSameObserved, withObserved, type AllocationMemory, type ObservedChange } from './allocation-memory.ts';
import { decideAfterExit, describeExit, MAX_BACKOFF_MS } from './restart-policy.ts';

export type DiffInput = {
  readonly assignments: readonly Assignment[];
  /** A full observation of these allocations' own containers, never a partial one. */
  readonly containers: readonly ObservedContainer[];
  readonly memories: readonly AllocationMemory[];
  /** A COMPLETE was applied since this agent started: only then is the absence of an assignment a reason to remove. */
  readonly complete: boolean;
  /** Wall time in ms. */
  readonly now: number;
  /** Why the owner does not lend the device for these assignments now: they are stopped. */
  readonly withheld?: Cause | undefined;
  /** Why these assignments' containers may not go on: they took more than they may. */
  readonly overused?: Cause | undefined;
  /** Why nothing may run now, though it stays assigned: without a lease, or for too long without a coordinator. */
  readonly paused?: Cause | undefined;
};

/** One step towards what is assigned. A `memory` in it is made durable before the engine is asked for anything but a stop. */
export type Action =
  | { readonly kind: 'launch'; readonly assignment: Assignment; readonly memory: AllocationMemory }
  | { readonly kind: 'start'; readonly assignment: Assignment; readonly containerId: string; readonly memory: AllocationMemory }
  | {
      readonly kind: 'stop';
      readonly allocationId: AllocationId;
      readonly containerId: string;
      readonly graceMs: number;
      readonly memory?: AllocationMemory;
    }
  | { readonly kind: 'remove'; readonly allocationId: AllocationId; readonly containerId: string; readonly memory?: AllocationMemory }
  | { readonly kind: 'settle'; readonly allocationId: AllocationId; readonly memory: AllocationMemory }
  | { readonly kind: 'forget'; readonly allocationId: AllocationId }
  | { readonly kind: 'wait'; readonly allocationId: AllocationId; readonly untilAt: number };

/**
 * What to do next for each allocation, in the order of their ids: at most one step each, and the removal of doubled containers.
 * Calling it again after the steps were taken (or were not) is safe; no action means that it is as assigned.
 */
export function diff(input: DiffInput): readonly Action[] {
  const assignments = new Map(input.assignments.map((assignment) => [assignment.allocationId, assignment]));
  const memories = new Map(input.memories.map((memory) => [memory.allocationId, memory]));
  const containers = Map.groupBy(input.containers, (container) => container.allocationId);
  const ids = [...new Set([...assignments.keys(), ...memories.keys(), ...containers.keys()])].toSorted();
  return ids.flatMap((id) => {
    const [container, ...doubled] = (containers.get(id) ?? []).toSorted(byWorth);
    const assignment = assignments.get(id);
    const extra = assignment || input.complete ? doubled.flatMap((other) => endContainer(other)) : [];
    const memory = memories.get(id);
    const step = assignment ? decideAssigned(assignment, container, memory, input) : decideUnassigned(id, container, memory, input);
    return [...extra, ...step];
  });
}

/** The container worth keeping first: a running one, then the newest. */
function byWorth(a: ObservedContainer, b: ObservedContainer): number {
  const running = Number(b.state === 'running') - Number(a.state === 'running');
  return running === 0 ? b.createdAt - a.createdAt : running;
}

const isAlive = (container: ObservedContainer): boolean => container.state === 'running' || container.state === 'paused';

function endContainer(container: ObservedContainer, memory?: AllocationMemory): Action[] {
  const { allocationId, containerId, graceMs } = container;
  const remembered = memory ? { memory } : {};
  return isAlive(container)
    ? [{ kind: 'stop', allocationId, containerId, graceMs, ...remembered }]
    : [{ kind: 'remove', allocationId, containerId, ...remembered }];
}

function decideUnassigned(
  id: AllocationId,
  container: ObservedContainer | undefined,
  memory: AllocationMemory | undefined,
  input: DiffInput,
): Action[] {
  if (!input.complete) return [];
  if (!container) return memory ? [{ kind: 'forget', allocationId: id }] : [];
  if (!memory) return endContainer(container);
  const cause = { code: 'unassigned', message: 'It is no longer assigned to this device.' };
  const phase = isAlive(container) ? 'stopping' : 'stopped';
  return endContainer(container, withObserved(memory, { phase, ready: false, cause, containerId: container.containerId }, input.now));
}

function decideAssigned(
  assignment: Assignment,
  container: ObservedContainer | undefined,
  known: AllocationMemory | undefined,
  { now, withheld, overused, paused }: Pick<DiffInput, 'now' | 'withheld' | 'overused' | 'paused'>,
): Action[] {
  const memory = known ?? createMemory(assignment.allocationId, assignment.generation, now);
  if (isTerminalPhase(memory.observed.phase)) return decideEnded(assignment, container, memory, now);
  if (assignment.desired === 'stopped') return decideStop(assignment, container, memory, now, ASKED);
  // A stop that has begun is finished, whatever changed its mind: phases move forward only.
  const unlent = withheld ?? (memory.observed.phase === 'stopping' ? memory.observed.cause : undefined);
  if (unlent) return decideStop(assignment, container, memory, now, { asked: unlent, done: unlent });
  if (overused && container && isAlive(container))
    return settle(memory, { phase: 'failed', ready: false, cause: overused, generation: assignment.generation }, now);
  if (paused) return decidePaused(assignment, container, memory, { cause: paused, now, isNew: known === undefined });
  if (!container) return decideAbsent(assignment, memory, now);
  if (container.specHash !== specHashOf(assignment)) return decideReplace(assignment, container, memory, now);
  switch (container.state) {
    case 'running':
      return settle(memory, runningChange(assignment, container, known), now, known === undefined);
    case 'paused':
      return settle(memory, pausedChange(assignment, container), now, known === undefined);
    case 'created':
      return decideStart(assignment, container, { ...memory, observed: { ...memory.observed, generation: assignment.generation } }, now);
    case 'exited':
      return decideExited(assignment, container, memory, now);
  }
}

/**
 * It is stopped and stays: that its container ends is no crash, and it starts again when it may. An end that was not asked for here (the
 * machine lost its power, nobody watched) is counted when it is found: by the next report the coordinator may know of no pause.
 */
function decidePaused(
  assignment: Assignment,
  container: ObservedContainer | undefined,
  memory: AllocationMemory,
  { cause, now, isNew }: { readonly cause: Cause; readonly now: number; readonly isNew: boolean },
): Action[] {
  const change: ObservedChange = {
    phase: memory.observed.phase,
    ready: false,
    cause,
    generation: assignment.generation,
    ...(container?.exit ? { exit: container.exit } : {}),
  };
  if (container && isAlive(container)) return endContainer(container, withObserved(memory, change, now));
  const counted = hasEndedUnseen(container, memory) ? { ...change, restarts: memory.observed.restarts + 1 } : change;
  return settle(memory, counted, now, isNew);
}

/** It was seen running, nothing here asked it to end, and nothing was remembered of its end. A pause remembers no container. */
function hasEndedUnseen(container: ObservedContainer | undefined, { observed }: AllocationMemory): boolean {
  if (observed.containerId === undefined) return false;
  return container ? container.state === 'exited' && !isKnownExit(container, observed) : observed.phase === 'running';
}

const isKnownExit = ({ exit }: ObservedContainer, { exit: known }: AllocationMemory['observed']): boolean =>
  known !== undefined && exit !== undefined && known.at === exit.at && known.code === exit.code;

/** An allocation that ended never runs again: whatever is left of it goes, and its end stays as it was reported. */
function decideEnded(assignment: Assignment, container: ObservedContainer | undefined, memory: AllocationMemory, now: number): Action[] {
  if (container) return endContainer(container);
  const { phase, cause } = memory.observed;
  return settle(memory, { phase, ready: false, cause, generation: assignment.generation }, now);
}

const ASKED = {
  asked: { code: 'stop_requested', message: 'The coordinator asked to stop it.' },
  done: { code: 'stopped', message: 'Stopped as asked.' },
};

function decideStop(
  assignment: Assignment,
  container: ObservedContainer | undefined,
  memory: AllocationMemory,
  now: number,
  { asked, done }: { readonly asked: Cause; readonly done: Cause },
): Action[] {
  const { generation } = assignment;
  if (container && isAlive(container)) {
    const { containerId, hostPorts } = container;
    return endContainer(
      container,
      withObserved(memory, { phase: 'stopping', ready: false, cause: asked, generation, containerId, hostPorts }, now),
    );
  }
  const exit = container?.exit;
  const ended = withObserved(
    memory,
    {
      phase: 'stopped',
      ready: false,
      cause: done,
      generation,
      ...(exit ? { exit } : {}),
    },
    now,
  );
  // The container goes first: once memory says stopped, the coordinator may forget the allocation.
  if (container) return endContainer(container);
  return [{ kind: 'settle', allocationId: memory.allocationId, memory: ended }];
}

function decideAbsent(assignment: Assignment, memory: AllocationMemory, now: number): Action[] {
  const { observed } = memory;
  if (observed.phase === 'running' && observed.containerId !== undefined) return decideNext(assignment, undefined, memory, undefined, now);
  const due = observed.nextTryAt === undefined || isDue(observed.nextTryAt, now);
  if (!due) return wait(memory);
  const next = { ...memory, observed: { ...observed, generation: assignment.generation } };
  return [{ kind: 'launch', assignment, memory: next }];
}

function decideStart(assignment: Assignment, container: ObservedContainer, memory: AllocationMemory, now: number): Action[] {
  if (memory.observed.nextTryAt !== undefined && !isDue(memory.observed.nextTryAt, now)) return wait(memory);
  return [{ kind: 'start', assignment, containerId: container.containerId, memory }];
}

/** The same allocation, but its container cannot be changed into what is now assigned: another container, with its cause. */
function decideReplace(assignment: Assignment, container: ObservedContainer, memory: AllocationMemory, now: number): Action[] {
  const cause = { code: 'replacing', message: 'Its spec changed: the container is replaced.' };
  const next = withObserved(memory, { phase: 'starting', ready: false, cause, generation: assignment.generation }, now);
  return endContainer(container, next);
}

function decideExited(assignment: Assignment, container: ObservedContainer, memory: AllocationMemory, now: number): Action[] {
  if (isKnownExit(container, memory.observed)) return decideStart(assignment, container, memory, now);
  return decideNext(assignment, container, memory, container.exit, now);
}

/** A container that should run has ended, and nothing was decided about this end yet. */
function decideNext(
  assignment: Assignment,
  container: ObservedContainer | undefined,
  memory: AllocationMemory,
  exit: ObservedContainer['exit'],
  now: number,
): Action[] {
  const { generation, spec } = assignment;
  const decision = decideAfterExit(spec.restartPolicy, memory, exit, now);
  const ended = exit ? { exit } : {};
  if (decision.kind === 'end') {
    return settle(memory, { phase: decision.phase, ready: false, cause: decision.cause, generation, ...ended }, now);
  }
  const change: ObservedChange = {
    phase: 'running',
    ready: false,
    cause: decision.cause,
    generation,
    restarts: memory.observed.restarts + 1,
    ...ended,
    ...(container ? { containerId: container.containerId } : {}),
    ...(decision.delayMs > 0 ? { nextTryAt: now + decision.delayMs } : {}),
  };
  const next = { ...withObserved(memory, change, now), retries: decision.retries, retriedAt: now + decision.delayMs };
  if (decision.delayMs > 0) return [{ kind: 'settle', allocationId: memory.allocationId, memory: next }];
  return container
    ? [{ kind: 'start', assignment, containerId: container.containerId, memory: next }]
    : [{ kind: 'launch', assignment, memory: next }];
}

function runningChange(assignment: Assignment, container: ObservedContainer, known: AllocationMemory | undefined): ObservedChange {
  const { containerId, hostPorts } = container;
  const base = { phase: 'running', ready: true, generation: assignment.generation, containerId, hostPorts } as const;
  const before = known?.observed;
  if (!before) return { ...base, cause: { code: 'adopted', message: 'It was already running and was taken over as it is.' } };
  if (before.ready && before.containerId === containerId) return { ...base, cause: before.cause };
  if (before.restarts === 0) return { ...base, cause: { code: 'started', message: 'It runs.' } };
  const message = `It runs again. ${describeExit(before.exit)}.`;
  return { ...base, cause: { code: 'restarted', message, params: { restarts: before.restarts } } };
}

function pausedChange(assignment: Assignment, container: ObservedContainer): ObservedChange {
  const cause = { code: 'paused', message: 'Someone paused its container in the engine; unpause it there.' };
  return {
    phase: 'running',
    ready: false,
    cause,
    generation: assignment.generation,
    containerId: container.containerId,
    hostPorts: container.hostPorts,
  };
}

function settle(memory: AllocationMemory, change: ObservedChange, now: number, isNew = false): Action[] {
  const next = withObserved(memory, change, now);
  if (!isNew && isSameObserved(memory.observed, next.observed)) return [];
  return [{ kind: 'settle', allocationId: memory.allocationId, memory: next }];
}

const wait = (memory: AllocationMemory): Action[] => [
  { kind: 'wait', allocationId: memory.allocationId, untilAt: memory.observed.nextTryAt ?? 0 },
];

/** A wall clock that was set back must not make a wait longer than any wait can be. */
const isDue = (atMs: number, now: number): boolean => atMs <= now || atMs - now > 2 * MAX_BACKOFF_MS;
