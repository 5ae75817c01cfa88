import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBestHeap } from './best-heap.ts';

const isLower = (a: number, b: number): boolean => a < b;
const few = fc.nat({ max: 9 });

it('always has the best first, as its score sinks again and again', () => {
  fc.assert(
    fc.property(fc.array(few, { minLength: 1, maxLength: 40 }), fc.array(few, { maxLength: 80 }), (scores, losses) => {
      const positions = [...scores.keys()];
      const heap = createBestHeap(positions, scores, 'best', isLower);
      for (const loss of losses) {
        const best = positions.reduce((winner, position) => ((scores[position] ?? 0) > (scores[winner] ?? 0) ? position : winner));
        expect([heap.first, heap.firstScore]).toEqual([best, scores[best]]);
        scores[best] = (scores[best] ?? 0) - loss;
        heap.replaceFirst(best, scores[best]);
      }
    }),
  );
});

it('keeps the best of many when the worst kept is replaced', () => {
  fc.assert(
    fc.property(fc.array(few, { minLength: 3, maxLength: 60 }), (scores) => {
      const kept = [0, 1, 2];
      const worst = createBestHeap(kept, scores.slice(0, 3), 'worst', isLower);
      for (const [position, score] of scores.entries()) if (position > 2 && score > worst.firstScore) worst.replaceFirst(position, score);
      const expected = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b).slice(0, 3);
      expect([...worst.positions].sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
    }),
  );
});

it('has no first when it is empty', () => {
  const heap = createBestHeap([], [], 'best', isLower);
  expect([heap.first, heap.firstScore]).toEqual([undefined, -Infinity]);
});
