import { JOIN_STEPS } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { formatLeft, readCode, stepsOf } from './join-steps.ts';

describe('the steps of a join', () => {
  it('leave out downloads that the device did not need', () => {
    const steps = [
      { step: 'installer', at: 1 },
      { step: 'connected', at: 2 },
    ] as const;
    expect(stepsOf({ steps: [...steps] }, JOIN_STEPS).map(({ step, taken }) => [step, taken !== undefined])).toEqual([
      ['installer', true],
      ['connected', true],
      ['joined', false],
      ['online', false],
    ]);
  });
});

describe('a countdown', () => {
  it.each([
    [900_000, 0, '15:00'],
    [61_000, 1, '1:01'],
    [5, 10, '0:00'],
  ])('of %s at %s is %s', (expiresAt, now, text) => expect(formatLeft(expiresAt, now)).toBe(text));
});

describe('a code', () => {
  it.each([
    ['abcd efgh', 'ABCD-EFGH'],
    ['https://10.0.0.1:7600/pair#ABCD-EFGH', 'ABCD-EFGH'],
    ['cl1.not-a-code', undefined],
  ])('%s is read as %s', (text, code) => expect(readCode(text)).toBe(code));
});
