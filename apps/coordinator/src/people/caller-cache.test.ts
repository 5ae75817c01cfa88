import { createManualClock } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { ADA } from '../gateway/testing/open-gateway.ts';
import { createCallerCache } from './caller-cache.ts';

const fails = (): Promise<never> => Promise.reject(new Error('the store is away'));

describe('the cache of callers', () => {
  it('believes a caller that it knows while nobody can be asked, for a quarter of an hour', async () => {
    const clock = createManualClock();
    const cache = createCallerCache(clock);
    await cache.get('one', () => Promise.resolve(ADA));
    await clock.advance(14 * 60_000);
    expect(await cache.get('one', fails)).toBe(ADA);
    expect(await cache.get('one', () => Promise.reject(new Error('is not asked again at once')))).toBe(ADA);
    await clock.advance(60_000);
    await expect(cache.get('one', fails)).rejects.toThrow('away');
  });

  it('believes nobody whom it does not know, or whose rights changed', async () => {
    const cache = createCallerCache(createManualClock());
    await expect(cache.get('one', fails)).rejects.toThrow('away');
    await cache.get('one', () => Promise.resolve(ADA));
    cache.clear();
    await expect(cache.get('one', fails)).rejects.toThrow('away');
  });

  it('asks again when it can, and forgets who is not known any more', async () => {
    const clock = createManualClock();
    const cache = createCallerCache(clock);
    await cache.get('one', () => Promise.resolve(ADA));
    await clock.advance(10_000);
    expect(await cache.get('one', () => Promise.resolve(undefined))).toBeUndefined();
    await expect(cache.get('one', fails)).rejects.toThrow('away');
  });
});
