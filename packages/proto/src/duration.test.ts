import { expect, it } from 'vitest';
import { parseDuration, writeDuration } from './duration.ts';

it.each([
  ['500ms', 500],
  ['15s', 15_000],
  [' 5 m ', 300_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['0', 0],
  ['15', undefined],
  ['-1s', undefined],
  ['1m30s', undefined],
  ['', undefined],
])('%j is %j ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

it('what is written is read as the same, in the largest whole unit', () => {
  expect([0, 1, 1500, 60_000, 90_000, 86_400_000].map(writeDuration)).toEqual(['0', '1ms', '1500ms', '1m', '90s', '1d']);
  for (const ms of [0, 1, 999, 1000, 61_000, 3_600_000]) expect(parseDuration(writeDuration(ms))).toBe(ms);
});
