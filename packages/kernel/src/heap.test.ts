import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createHeap } from './heap.ts';

type Item = { readonly value: number; readonly order: number };
const isBefore = (a: Item, b: Item): boolean => a.value < b.value || (a.value === b.value && a.order < b.order);
const inOrder = (items: readonly Item[]): readonly Item[] => items.toSorted((a, b) => a.value - b.value || a.order - b.order);

it('gives what was pushed in order, equals as they came, without what was not retained', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(5), fc.array(fc.nat(20)), (before, divisor, after) => {
      const heap = createHeap<Item>(isBefore);
      const isKept = ({ value }: Item): boolean => value % (divisor + 1) !== 0;
      const early = before.map((value, order) => ({ value, order }));
      const late = after.map((value, index) => ({ value, order: before.length + index }));
      for (const item of early) heap.push(item);
      heap.retain(isKept);
      for (const item of late) heap.push(item);
      const wanted = inOrder([...early.filter(isKept), ...late]);
      expect(heap.size).toBe(wanted.length);
      const given: Item[] = [];
      for (let { first } = heap; first; first = heap.first) {
        given.push(first);
        heap.removeFirst();
      }
      expect(given).toEqual(wanted);
    }),
  );
});
