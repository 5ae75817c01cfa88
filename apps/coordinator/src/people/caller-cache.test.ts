import { createManualClock } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { ADA } from '../gateway/testing/open-gateway.ts';
import { createCallerCache } from './caller-cache.ts';

/** A cache that knows one caller, and must ask about it again. */
async function knowing() {
  const clock = createManualClock();
  const cache = createCallerCache(clock);
  await cache.get('one', () => Promise.resolve(ADA));
  await clock.advance(10_000);
  return { clock, cache };
}

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

  it('waits half a second to hear of a caller that it knows, and what it hears later counts from then', async () => {
    const { clock, cache } = await knowing();
    const late = Promise.withResolvers<undefined>();
    const told = cache.get('one', () => late.promise);
    await clock.advance(500);
    expect(await told).toBe(ADA);
    late.resolve(undefined);
    await clock.advance(0);
    await expect(cache.get('one', fails)).rejects.toThrow('away');
  });

  it('waits for the answer when rights changed meanwhile', async () => {
    const { clock, cache } = await knowing();
    const late = Promise.withResolvers<undefined>();
    const told = cache.get('one', () => late.promise);
    cache.clear();
    await clock.advance(500);
    late.resolve(undefined);
    expect(await told).toBeUndefined();
  });

  it('believes nobody whom it does not know, or whose rights changed', async () => {
    const cache = createCallerCache(createManualClock());
    await expect(cache.get('one', fails)).rejects.toThrow('away');
    await cache.get('one', () => Promise.resolve(ADA));
    cache.clear();
    await expect(cache.get('one', fails)).rejects.toThrow('away');
  });

  it('asks again when it can, and forgets who is not known any more', async () => {
    const { cache } = await knowing();
    expect(await cache.get('one', () => Promise.resolve(undefined))).toBeUndefined();
    await expect(cache.get('one', fails)).rejects.toThrow('away');
  });
});
