import { isAttempt, type Operation, type RowId } from '../history.ts';
import type { Checker, View } from './checker.ts';
import { findOrder, type Model, type Timed } from './find-order.ts';

/** An app or a device as people see it: which attempt wrote what is there, and whether it is about to go. */
type Seen = { readonly attempt: number; readonly mode: 'absent' | 'there' | 'going' | 'gone' };

const MODEL: Model<Seen, Operation> = {
  initial: { attempt: 0, mode: 'absent' },
  step(state, operation) {
    if (isAttempt(operation)) {
      const { expects, id, isDelete } = operation;
      const isMet = expects === 0 ? state.mode === 'absent' : state.mode === 'there' && state.attempt === expects;
      return isMet ? { attempt: id, mode: isDelete ? 'going' : 'there' } : undefined;
    }
    if (operation.saw !== 0) return state.attempt === operation.saw && state.mode !== 'gone' ? state : undefined;
    if (state.mode === 'absent' || state.mode === 'gone') return state;
    // The control plane takes the row away when its last replica has stopped, some time before it is first seen gone.
    return state.mode === 'going' ? { attempt: state.attempt, mode: 'gone' } : undefined;
  },
  keyOf: ({ attempt, mode }) => `${attempt} ${mode}`,
};

/** What was refused never happened: nobody may see it. A look without an answer says nothing. */
const judged = (operations: readonly Operation[]): Timed<Operation>[] =>
  operations
    .filter((operation) => (isAttempt(operation) ? operation.outcome !== 'refused' : operation.saw !== undefined))
    .map((op) => ({
      op,
      invokedAt: op.invokedAt,
      returnedAt: isAttempt(op) && op.outcome !== 'acknowledged' ? undefined : op.returnedAt,
    }));

const describe = (operation: Operation): string => {
  if (!isAttempt(operation)) return `a read at ${operation.invokedAt}–${operation.returnedAt} that saw attempt ${operation.saw}`;
  const { id, expects, outcome, invokedAt, returnedAt } = operation;
  return `attempt ${id} on top of ${expects}, ${outcome}, at ${invokedAt}–${returnedAt ?? '…'}`;
};

/** The history up to the answer that no order explains. */
function explain(history: readonly Timed<Operation>[]): string {
  const answers = history.flatMap(({ returnedAt }) => (returnedAt === undefined ? [] : [returnedAt])).sort((a, b) => a - b);
  const upTo = (untilAt: number): Timed<Operation>[] =>
    history
      .filter(({ invokedAt }) => invokedAt < untilAt)
      .filter(({ op, returnedAt }) => isAttempt(op) || (returnedAt !== undefined && returnedAt <= untilAt))
      .map((one) => (one.returnedAt !== undefined && one.returnedAt <= untilAt ? one : { ...one, returnedAt: undefined }));
  const untilAt = answers.find((at) => findOrder(upTo(at), MODEL) === 'violated') ?? Infinity;
  return upTo(untilAt)
    .slice(-6)
    .map(({ op }) => describe(op))
    .join('; ');
}

function judge(rowId: RowId, operations: readonly Operation[]): string | undefined {
  const history = judged(operations);
  const verdict = findOrder(history, MODEL);
  if (verdict === 'linearizable') return undefined;
  if (verdict === 'undecided') return `${rowId}: no verdict about ${history.length} operations`;
  return `${rowId}: no order of what was asked and answered explains it. The last: ${explain(history)}`;
}

/** Everybody sees each app and each device as if there were one of it, and one thing happened after the other. */
export const linearizability: Checker = {
  name: 'each app and device is linearizable',
  atEnd({ history }: View) {
    for (const [rowId, operations] of history.operations) {
      const fault = judge(rowId, operations);
      if (fault !== undefined) return fault;
    }
    return undefined;
  },
};
