import { expect, test } from 'vitest';
import { findOverflow } from './overflow.ts';

test.each([
  [0, 'end'],
  [40, 'both'],
  [100, 'start'],
  [99.4, 'start'],
] as const)('a row of 400 px in 300 px, scrolled by %s, has more at: %s', (scrollLeft, more) => {
  expect(findOverflow({ scrollLeft, clientWidth: 300, scrollWidth: 400 })).toBe(more);
});

test('a row that fits has no more', () => {
  expect(findOverflow({ scrollLeft: 0, clientWidth: 300, scrollWidth: 301 })).toBe('none');
});
