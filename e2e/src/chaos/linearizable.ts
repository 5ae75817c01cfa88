import type { Operation } from './history.ts';

/** Moments that may be looked at for one key; beyond it nothing is known, and that is said. */
const MAX_MOMENTS = 200_000;

type Sure = Operation & { readonly outcome: 'ok' };
/** A history up to a moment: the first `done` in order of their start, and `ahead` of those behind; `maybe` of those whose outcome is unknown. */
type Moment = {
  readonly done: number;
  readonly ahead: ReadonlySet<number>;
  readonly maybe: ReadonlySet<number>;
  readonly value: string | undefined;
};

/**
 * Whether each key behaved as one register: whether there is an order of its operations, each between its call and its answer, in which
 * every read gives what was written last (Herlihy and Wing, 1990; searched as Wing and Gong, 1993, with the memo of Lowe, 2017). Values
 * that are written to a key are unique.
 *
 * @returns what is wrong, with the operations around it
 */
export function findNonlinear(operations: readonly Operation[]): string | undefined {
  for (const [key, own] of Map.groupBy(operations, (operation) => operation.key)) {
    const wrong = judgeKey(key, own);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function judgeKey(key: string, operations: readonly Operation[]): string | undefined {
  const ordered = operations.toSorted((left, right) => left.invokedAtMs - right.invokedAtMs);
  const sure = ordered.filter((operation): operation is Sure => operation.outcome === 'ok');
  const read = new Set(sure.filter(({ kind }) => kind === 'read').map(({ value }) => value));
  // A write of an unknown outcome that nobody read can be left out of any order. A removal cannot: nothing tells one from another.
  const maybe = ordered.filter(
    ({ kind, outcome, value }) =>
      kind === 'write' && (outcome === 'unknown' || outcome === 'open') && (value === undefined || read.has(value)),
  );
  const seen = new Set<string>();
  const stack: Moment[] = [{ done: 0, ahead: new Set(), maybe: new Set(), value: undefined }];
  let farthest = 0;
  for (let moment = stack.pop(); moment; moment = stack.pop()) {
    if (moment.done === sure.length) return undefined;
    farthest = Math.max(farthest, moment.done);
    const mark = `${moment.done}|${marksOf(moment.ahead)}|${marksOf(moment.maybe)}|${moment.value}`;
    if (seen.has(mark)) continue;
    seen.add(mark);
    if (seen.size > MAX_MOMENTS)
      return `${key}: the order of its ${operations.length} operations was not found within ${MAX_MOMENTS} moments`;
    stack.push(...nextOf(moment, sure, maybe));
  }
  return `${key} did not behave as one register. Around it:\n${sure
    .slice(Math.max(0, farthest - 3), farthest + 5)
    .map(describe)
    .join('\n')}`;
}

function* nextOf(moment: Moment, sure: readonly Sure[], maybe: readonly Operation[]): Generator<Moment> {
  let endsFirst = Infinity;
  for (let index = moment.done; index < sure.length; index += 1) {
    const operation = sure[index];
    // What began after another ended cannot come before it.
    if (!operation || operation.invokedAtMs > endsFirst) break;
    if (moment.ahead.has(index)) continue;
    endsFirst = Math.min(endsFirst, operation.endedAtMs);
    if (operation.kind === 'write') yield step(moment, index, operation.value);
    else if (operation.value === moment.value) yield step(moment, index, moment.value);
  }
  for (const [index, { invokedAtMs, value }] of maybe.entries())
    if (!moment.maybe.has(index) && invokedAtMs <= endsFirst) yield { ...moment, maybe: new Set([...moment.maybe, index]), value };
}

function step(moment: Moment, index: number, value: string | undefined): Moment {
  const ahead = new Set([...moment.ahead, index]);
  let { done } = moment;
  for (; ahead.has(done); done += 1) ahead.delete(done);
  return { ...moment, done, ahead, value };
}

const marksOf = (indexes: ReadonlySet<number>): string => [...indexes].toSorted((left, right) => left - right).join();

const describe = ({ kind, value, invokedAtMs, endedAtMs }: Operation): string =>
  `  ${Math.round(invokedAtMs)}–${Math.round(endedAtMs)} ms: ${kind} ${value ?? 'nothing'}`;
