import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBestHeap } from './best-heap.ts';

it('always has the best first, as its rank sinks again and again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat({ max: 9 }), { maxLength: 80 }),
      (ranks, losses) => {
        const isBefore = (a: number, b: number): boolean => (ranks[a] ?? 0) - (ranks[b] ?? 0) > 0 || (ranks[a] === ranks[b] && a < b);
        const positions = [...ranks.keys()];
        const heap = createBestHeap(positions, isBefore);
        for (const loss of losses) {
          const best = positions.reduce((winner, position) => (isBefore(position, winner) ? position : winner));
          expect(heap.first).toBe(best);
          ranks[best] = (ranks[best] ?? 0) - loss;
          heap.sinkFirst();
        }
      },
    ),
  );
});

it('keeps the best of many when the worst kept is replaced', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(), { minLength: 3, maxLength: 60 }), (numbers) => {
      const worst = createBestHeap(numbers.slice(0, 3), (a, b) => a < b);
      for (const number of numbers.slice(3)) if (number > (worst.first ?? 0)) worst.replaceFirst(number);
      expect([...worst.positions].sort((a, b) => b - a)).toEqual(numbers.toSorted((a, b) => b - a).slice(0, 3));
    }),
  );
});

it('has no first when it is empty', () => {
  expect(createBestHeap([], () => false).first).toBeUndefined();
});
