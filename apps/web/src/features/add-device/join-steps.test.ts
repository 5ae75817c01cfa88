import type { Join } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { failureOf, formatLeft, overOf, readCode, stepsOf, installOnly } from './join-steps.ts';

describe('the steps of a join', () => {
  it('leave out downloads that the device did not need', () => {
    const steps = [
      { step: 'installer', at: 1 },
      { step: 'connected', at: 2 },
    ] as const;
    expect(stepsOf({ steps: [...steps] }).map(({ step, taken }) => [step, taken !== undefined])).toEqual([
      ['installer', true],
      ['connected', true],
      ['joined', false],
      ['online', false],
    ]);
  });
});

const taken = (...names: readonly Join['steps'][number]['step'][]): Join['steps'] => names.map((step, index) => ({ step, at: index + 1 }));

describe('a device that fetches Node.js', () => {
  it('still shows that its agent comes after', () =>
    expect(stepsOf({ steps: taken('installer', 'node') }).map(({ step }) => step)).toEqual([
      'installer',
      'node',
      'agent',
      'connected',
      'joined',
      'online',
    ]));
});

describe('a failure', () => {
  const failures: Join['failures'] = [{ hop: 'tcp', at: 2, message: 'no route' }];
  it('is shown until the device came further', () => {
    expect(failureOf({ steps: taken('installer'), failures, state: 'waiting' })?.hop).toBe('tcp');
    expect(failureOf({ steps: taken('installer', 'agent', 'connected'), failures, state: 'waiting' })).toBeUndefined();
    expect(failureOf({ steps: [], failures, state: 'joined' })).toBeUndefined();
  });
});

describe('an offer', () => {
  it('is over when its time is, whether or not somebody said so', () => {
    expect(overOf({ state: 'waiting', expiresAt: 10 }, 9)).toBeUndefined();
    expect(overOf({ state: 'waiting', expiresAt: 10 }, 10)).toBe('expired');
    expect(overOf({ state: 'joined', expiresAt: 10 }, 99)).toBeUndefined();
  });
});

describe('a countdown', () => {
  it.each([
    [900_000, 0, '15:00'],
    [61_000, 1, '1:01'],
    [5, 10, '0:00'],
    // The page's clock ticks, and may be of before the offer.
    [901_500, 1000, '15:00'],
  ])('of %s at %s is %s', (expiresAt, now, text) => expect(formatLeft(expiresAt, now)).toBe(text));
});

describe('a code', () => {
  it.each([
    ['abcd efgh', 'ABCD-EFGH'],
    ['https://10.0.0.1:7600/pair#ABCD-EFGH', 'ABCD-EFGH'],
    ['cl1.not-a-code', undefined],
  ])('%s is read as %s', (text, code) => expect(readCode(text)).toBe(code));
});

it('the installer alone carries no secret', () => {
  expect(installOnly("curl -fsS 'https://a/install' | sh -s -- cl1.secret abc")).toBe("curl -fsS 'https://a/install' | sh");
  expect(installOnly('something else')).toBeUndefined();
});
