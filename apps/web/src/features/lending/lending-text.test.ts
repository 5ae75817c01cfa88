import { describe, expect, it } from 'vitest';
import { clockToMinute, minuteToClock, runsOf } from './lending-text.ts';

describe('hours of lending', () => {
  it('are the same as text and as minutes', () => {
    for (const minute of [0, 59, 60, 719, 1439]) expect(clockToMinute(minuteToClock(minute))).toBe(minute);
    expect(clockToMinute('')).toBe(0);
  });
  it('name days in runs', () => {
    expect(runsOf([5, 1, 2, 3, 7])).toEqual([
      [1, 3],
      [5, 5],
      [7, 7],
    ]);
  });
});
