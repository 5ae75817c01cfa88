import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findOrder, type Model, type Timed } from './find-order.ts';

type Op = { readonly write: number } | { readonly read: number } | { readonly swap: readonly [from: number, to: number] };

const register: Model<number, Op> = {
  initial: 0,
  step(value, op) {
    if ('write' in op) return op.write;
    if ('read' in op) return op.read === value ? value : undefined;
    return op.swap[0] === value ? op.swap[1] : undefined;
  },
  keyOf: String,
};
const ran = (op: Op, invokedAt: number, returnedAt?: number): Timed<Op> => ({ op, invokedAt, returnedAt });

test.each<[string, readonly Timed<Op>[]]>([
  ['nothing', []],
  ['one after the other', [ran({ write: 1 }, 1, 2), ran({ read: 1 }, 3, 4)]],
  ['a read beside a write sees either', [ran({ write: 1 }, 1, 6), ran({ read: 0 }, 2, 3), ran({ read: 1 }, 4, 5)]],
  ['two writes at once, in whichever order', [ran({ write: 1 }, 1, 4), ran({ write: 2 }, 2, 3), ran({ read: 1 }, 5, 6)]],
  ['a write without an answer happened late', [ran({ write: 1 }, 1), ran({ read: 0 }, 2, 3), ran({ read: 1 }, 8, 9)]],
  ['a write without an answer never happened', [ran({ write: 1 }, 1), ran({ read: 0 }, 2, 3)]],
  ['a swap without an answer that cannot have happened', [ran({ swap: [7, 8] }, 1), ran({ write: 1 }, 2, 3), ran({ read: 1 }, 4, 5)]],
  ['swaps find their order', [ran({ swap: [1, 2] }, 1, 9), ran({ swap: [0, 1] }, 2, 8), ran({ swap: [2, 3] }, 3, 7)]],
])('has an order: %s', (_name, history) => {
  expect(findOrder(history, register)).toBe('linearizable');
});

test.each<[string, readonly Timed<Op>[]]>([
  ['a read of what was never written', [ran({ read: 1 }, 1, 2)]],
  ['a read from the past', [ran({ write: 1 }, 1, 2), ran({ read: 0 }, 3, 4)]],
  ['a read that goes back', [ran({ write: 1 }, 1, 9), ran({ read: 1 }, 2, 3), ran({ read: 0 }, 4, 5)]],
  ['a lost update', [ran({ swap: [0, 1] }, 1, 2), ran({ swap: [0, 2] }, 3, 4)]],
  ['two swaps of one value at once, both said to have happened', [ran({ swap: [0, 1] }, 1, 4), ran({ swap: [0, 2] }, 2, 3)]],
  ['a write without an answer that happened before it was asked', [ran({ read: 1 }, 1, 2), ran({ write: 1 }, 3)]],
  [
    'a write that is seen, gone, and seen again',
    [ran({ write: 1 }, 1), ran({ read: 1 }, 2, 3), ran({ read: 0 }, 4, 5), ran({ read: 1 }, 6, 7)],
  ],
])('has none: %s', (_name, history) => {
  expect(findOrder(history, register)).toBe('violated');
});

test('a search that goes too far is given up, and says so', () => {
  const history = Array.from({ length: 12 }, (_, index) => ran({ write: index }, index, 100 + index));
  expect(findOrder([...history, ran({ read: 99 }, 200, 201)], register, 50)).toBe('undecided');
});

/** Takes each operation at one point within its time, and answers it from there. */
const aRun = fc
  .array(fc.tuple(fc.nat(100), fc.nat(30), fc.nat(30), fc.constantFrom('read', 'write'), fc.boolean()), { maxLength: 24 })
  .map((drawn) => {
    let value = 0;
    return drawn
      .map(([at, before, after, kind, isAnswered], index) => ({ at: at + index / 100, before, after, kind, isAnswered, index }))
      .sort((a, b) => a.at - b.at)
      .map(({ at, before, after, kind, isAnswered, index }): Timed<Op> => {
        if (kind === 'write') value = index + 1;
        const op: Op = kind === 'write' ? { write: value } : { read: value };
        return ran(op, at - before, isAnswered || kind === 'read' ? at + after + 0.001 : undefined);
      });
  });

test('whatever one register did has an order', () => {
  fc.assert(fc.property(aRun, (history) => findOrder(history, register) === 'linearizable'));
});

test('agrees with trying every order, on small histories of any answers', () => {
  const operation = fc
    .tuple(fc.nat(12), fc.integer({ min: 1, max: 8 }), fc.nat(2), fc.boolean(), fc.boolean())
    .map(([at, lasts, value, isRead, isAnswered]): Timed<Op> =>
      ran(isRead ? { read: value } : { write: value }, at, isAnswered || isRead ? at + lasts : undefined),
    );
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 5 }),
      (history) => (findOrder(history, register) === 'linearizable') === tryEveryOrder(history, register.initial, []),
    ),
    { numRuns: 500 },
  );
});

function tryEveryOrder(rest: readonly Timed<Op>[], value: number, taken: readonly Timed<Op>[]): boolean {
  if (rest.every(({ returnedAt }) => returnedAt === undefined)) return true;
  return rest.some((next) => {
    const others = rest.filter((one) => one !== next);
    if (others.some(({ returnedAt }) => returnedAt !== undefined && returnedAt < next.invokedAt)) return false;
    const after = register.step(value, next.op);
    return after !== undefined && tryEveryOrder(others, after, [...taken, next]);
  });
}
