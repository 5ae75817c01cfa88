/** One operation of a history. `returnedAt` absent: no answer came, so it may have happened at any time after, or never. */
export type Timed<Op> = { readonly op: Op; readonly invokedAt: number; readonly returnedAt: number | undefined };

/** What one object promises, one operation after the other. */
export type Model<State, Op> = {
  readonly initial: State;
  /** The state after `op`, or `undefined` when it could not have been answered so from here. */
  readonly step: (state: State, op: Op) => State | undefined;
  readonly keyOf: (state: State) => string;
};

/** `undecided`: the search was given up. */
export type Verdict = 'linearizable' | 'violated' | 'undecided';

const MOST_STEPS = 200_000;

/**
 * Whether the operations can be put in an order that respects time (what was answered before another was asked comes before it) and
 * that the model allows. Those without an answer may be left out. A depth-first search that never looks at the same set of taken
 * operations with the same state twice: Wing and Gong (1993) with the memory of Lowe, *Testing for linearizability* (2017).
 */
export function findOrder<State, Op>(history: readonly Timed<Op>[], model: Model<State, Op>, mostSteps: number = MOST_STEPS): Verdict {
  const operations = history.toSorted((a, b) => a.invokedAt - b.invokedAt);
  const answered = operations.reduce((mask, { returnedAt }, index) => (returnedAt === undefined ? mask : mask | (1n << BigInt(index))), 0n);
  const seen = new Set<string>();
  const open: { readonly taken: bigint; readonly state: State }[] = [{ taken: 0n, state: model.initial }];
  const isTaken = (taken: bigint, index: number): boolean => ((taken >> BigInt(index)) & 1n) === 1n;

  for (let steps = 0; ; steps += 1) {
    const here = open.pop();
    if (!here) return 'violated';
    if ((here.taken & answered) === answered) return 'linearizable';
    if (steps >= mostSteps) return 'undecided';
    let earliestReturn = Infinity;
    for (const [index, { returnedAt, invokedAt }] of operations.entries()) {
      if (invokedAt > earliestReturn) break;
      if (returnedAt !== undefined && returnedAt < earliestReturn && !isTaken(here.taken, index)) earliestReturn = returnedAt;
    }
    for (const [index, { op, invokedAt }] of operations.entries()) {
      if (invokedAt > earliestReturn) break;
      if (isTaken(here.taken, index)) continue;
      const state = model.step(here.state, op);
      if (state === undefined) continue;
      const taken = here.taken | (1n << BigInt(index));
      const key = `${taken.toString(36)} ${model.keyOf(state)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      open.push({ taken, state });
    }
  }
}
