import type { AllocationId, AllocationObserved, Assignment, CoordinatorMessage, LendingRule } from '@cloudless/proto';
import { isSameObserved, type AllocationMemory } from '../reconcile/allocation-memory.ts';
import type { AgentState, Authority, HeldState } from './state.ts';

type Assigned = Extract<CoordinatorMessage, { kind: 'complete' | 'incremental' }>;
export type ObservedListener = (allocationId: AllocationId, observed: AllocationObserved) => void;

/**
 * The agent's working copy of its durable state. Reads are from memory; each write resolves when it is durable. Writes that come while
 * one is under way share the next.
 */
export interface Held {
  readonly authority: Authority | undefined;
  readonly lastServerAt: number;
  /** A COMPLETE was applied by this process. */
  readonly isComplete: boolean;
  assignment(id: AllocationId): Assignment | undefined;
  assignments(): readonly Assignment[];
  memory(id: AllocationId): AllocationMemory | undefined;
  memories(): readonly AllocationMemory[];
  /** Persists the authority that speaks now; the caller has judged it. */
  adoptAuthority(authority: Authority, serverAt?: number): Promise<void>;
  /** Applies assignments; returns the allocations that are touched, when durable. */
  assign(message: Assigned): Promise<readonly AllocationId[]>;
  /** Remembers and reports. `durable: false` for what may be lost, like progress. What cannot be saved is decided again. */
  remember(memory: AllocationMemory, options?: { readonly durable?: boolean }): Promise<void>;
  forget(id: AllocationId): Promise<void>;
  /** The owner's rule as it was last told. */
  readonly lending: LendingRule;
  saveLending(rule: LendingRule): Promise<void>;
  /** Called when what would be reported of an allocation changes. */
  onObserved(listener: ObservedListener): void;
}

/** Loads what was saved. */
export async function createHeld(state: AgentState): Promise<Held> {
  const saved = await state.loadHeld();
  let { authority, lending } = saved;
  let lastServerAt = saved.lastServerAt ?? 0;
  let isComplete = false;
  const assignments = new Map(saved.assignments.map((assignment) => [assignment.allocationId, assignment]));
  const memories = new Map(saved.memories.map((memory) => [memory.allocationId, memory]));
  let listener: ObservedListener = () => undefined;
  const save = createSharedSave(() => state.saveHeld(snapshot()));

  function snapshot(): HeldState {
    return {
      ...(authority ? { authority } : {}),
      ...(lending ? { lending } : {}),
      lastServerAt,
      assignments: [...assignments.values()],
      memories: [...memories.values()],
    };
  }

  function restore(id: AllocationId, before: AllocationMemory | undefined): void {
    if (before) memories.set(id, before);
    else memories.delete(id);
  }
  const saveOr = (undo: () => unknown): Promise<void> =>
    save().catch((cause: unknown) => {
      undo();
      throw cause;
    });

  function replaceAll(next: readonly Assignment[]): AllocationId[] {
    const touched = new Set([...assignments.keys(), ...next.map((assignment) => assignment.allocationId)]);
    assignments.clear();
    for (const assignment of next) assignments.set(assignment.allocationId, assignment);
    return [...touched];
  }

  return {
    get authority() {
      return authority;
    },
    get lastServerAt() {
      return lastServerAt;
    },
    get isComplete() {
      return isComplete;
    },
    assignment: (id) => assignments.get(id),
    assignments: () => [...assignments.values()],
    memory: (id) => memories.get(id),
    memories: () => [...memories.values()],
    async adoptAuthority(next, serverAt = 0) {
      const same = authority?.epoch === next.epoch && authority.token === next.token && authority.clusterId === next.clusterId;
      if (same && serverAt <= lastServerAt) return;
      authority = next;
      lastServerAt = Math.max(lastServerAt, serverAt);
      await save();
    },
    async assign(message) {
      let touched: AllocationId[];
      if (message.kind === 'complete') {
        touched = replaceAll(message.assignments);
      } else {
        touched = message.changes.map((change) => (change.kind === 'put' ? change.assignment.allocationId : change.allocationId));
        for (const change of message.changes) {
          if (change.kind === 'put') assignments.set(change.assignment.allocationId, change.assignment);
          else assignments.delete(change.allocationId);
        }
      }
      await save();
      if (message.kind === 'complete') isComplete = true;
      return touched;
    },
    async remember(memory, options = {}) {
      const before = memories.get(memory.allocationId);
      memories.set(memory.allocationId, memory);
      if (options.durable !== false)
        await saveOr(() => memories.get(memory.allocationId) === memory && restore(memory.allocationId, before));
      if (!before || !isSameObserved(before.observed, memory.observed)) listener(memory.allocationId, memory.observed);
    },
    async forget(id) {
      const before = memories.get(id);
      if (memories.delete(id)) await saveOr(() => memories.has(id) || restore(id, before));
    },
    get lending() {
      return lending ?? {};
    },
    async saveLending(rule) {
      lending = rule;
      await save();
    },
    onObserved(next) {
      listener = next;
    },
  };
}

/** One save in flight; callers that come meanwhile share the next one. */
function createSharedSave(save: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = (): Promise<void> => {
    const saving = save().finally(() => {
      if (current === saving) current = undefined;
    });
    current = saving;
    return saving;
  };
  return () => {
    if (!current) return run();
    next ??= current.then(
      () => ((next = undefined), run()),
      () => ((next = undefined), run()),
    );
    return next;
  };
}
