import { findOrder, type Model, type Timed } from '@cloudless/sim/find-order';
import type { Operation } from './history.ts';

type State = { readonly value: string | undefined };

/** A key as people see it: what was written last, or nothing. */
const REGISTER: Model<State, Operation> = {
  initial: { value: undefined },
  step: (state, { kind, value }) => (kind === 'write' ? { value } : value === state.value ? state : undefined),
  keyOf: ({ value }) => value ?? '',
};

/**
 * Whether each key behaved as one register: whether there is an order of its operations, each between its call and its answer, in which
 * every read gives what was written last. Values that are written to a key are unique.
 *
 * @returns what is wrong, with the operations around it
 */
export function findNonlinear(operations: readonly Operation[]): string | undefined {
  for (const [key, own] of Map.groupBy(operations, (operation) => operation.key)) {
    const history = toTimed(own);
    const verdict = findOrder(history, REGISTER);
    if (verdict === 'undecided') return `${key}: no verdict about ${history.length} operations`;
    if (verdict === 'violated') return `${key} did not behave as one register. Up to what no order explains:\n${explain(history)}`;
  }
  return undefined;
}

function toTimed(operations: readonly Operation[]): readonly Timed<Operation>[] {
  const read = new Set(operations.filter(({ kind, outcome }) => kind === 'read' && outcome === 'ok').map(({ value }) => value));
  return operations.flatMap((op): readonly Timed<Operation>[] => {
    const { kind, value, outcome, invokedAtMs: invokedAt, endedAtMs } = op;
    if (outcome === 'ok') return [{ op, invokedAt, returnedAt: endedAtMs }];
    if (outcome === 'fail' || kind === 'read') return [];
    // What nobody read can be left out of any order; removals cannot be told from each other.
    return value === undefined || read.has(value) ? [{ op, invokedAt, returnedAt: undefined }] : [];
  });
}

/** The shortest history, by its answers, that has no order: its last operations. */
function explain(history: readonly Timed<Operation>[]): string {
  const answered = history
    .filter(({ returnedAt }) => returnedAt !== undefined)
    .toSorted((a, b) => (a.returnedAt ?? 0) - (b.returnedAt ?? 0));
  const open = history.filter(({ returnedAt }) => returnedAt === undefined);
  const writes = answered.filter(({ op }) => op.kind === 'write');
  const upTo = (count: number): Timed<Operation>[] => {
    const some = answered.slice(0, count);
    const late = writes.filter((write) => !some.includes(write)).map((write) => ({ ...write, returnedAt: undefined }));
    return [...some, ...late, ...open];
  };
  const count = answered.findIndex((_, index) => findOrder(upTo(index + 1), REGISTER) === 'violated') + 1;
  return answered
    .slice(Math.max(0, count - 6), count)
    .map(({ op }) => `  ${Math.round(op.invokedAtMs)}–${Math.round(op.endedAtMs)} ms: ${op.kind} ${op.value ?? 'nothing'}`)
    .join('\n');
}
