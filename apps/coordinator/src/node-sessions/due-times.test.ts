import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createDueTimes, type DueTimes } from './due-times.ts';

const step = fc.oneof(
  fc.record({ what: fc.constant('set' as const), key: fc.nat(7), atMs: fc.nat(40) }),
  fc.record({ what: fc.constant('delete' as const), key: fc.nat(7) }),
  fc.record({ what: fc.constant('take' as const), nowMs: fc.nat(40) }),
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;
type Due = Pick<DueTimes<number>, 'set' | 'delete' | 'take' | 'earliestMs'>;

/** The same, the slow way. */
function createModel(): Due {
  const times = new Map<number, { readonly atMs: number; readonly order: number }>();
  let order = 0;
  return {
    get earliestMs() {
      return Math.min(Infinity, ...[...times.values()].map(({ atMs }) => atMs));
    },
    set(key, atMs) {
      order += 1;
      if ((times.get(key)?.atMs ?? Infinity) > atMs) times.set(key, { atMs, order });
    },
    delete: (key) => void times.delete(key),
    take(nowMs) {
      const due = [...times].filter(([, { atMs }]) => atMs <= nowMs).sort(([, a], [, b]) => a.atMs - b.atMs || a.order - b.order);
      for (const [key] of due) times.delete(key);
      return due.map(([key]) => key);
    },
  };
}

function play(steps: readonly Step[], due: Due): readonly unknown[] {
  return steps.flatMap((one) => {
    if (one.what === 'take') return [due.take(one.nowMs), due.earliestMs];
    if (one.what === 'set') due.set(one.key, one.atMs);
    else due.delete(one.key);
    return [due.earliestMs];
  });
}

it('gives whatever is due, once, the earliest first, and nothing that was deleted or is not due', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      expect(play(steps, createDueTimes())).toEqual(play(steps, createModel()));
    }),
  );
});
