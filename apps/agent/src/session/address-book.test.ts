import { createMemoryLogger } from '@cloudless/kernel/testing';
import { DialFailed } from '@cloudless/transport/websocket';
import { describe, expect, it } from 'vitest';
import { createAddressBook } from './address-book.ts';

const signal = new AbortController().signal;

/** A book whose network lets these addresses through, in this order. */
async function open(configured: readonly string[], reachable: readonly string[], nearby: readonly string[] = []) {
  const saved: (readonly string[])[] = [];
  const book = await createAddressBook({
    configured,
    load: () => Promise.resolve(['10.0.0.9:7600']),
    save: async (addresses) => void saved.push(addresses),
    async *probe(urls) {
      yield* reachable.filter((url) => urls.includes(url));
    },
    findOnLan: () => Promise.resolve(nearby),
    logger: createMemoryLogger(),
  });
  return { book, saved };
}

describe('the address book', () => {
  it('knows hosts, addresses and URLs with their path, each once', async () => {
    const { book } = await open(
      ['pi.local:7600', '[fd00::1]:7600', 'https://home.example.org/cloudless/', 'http://x:1', 'not an address', 'pi.local:7600'],
      [],
    );
    expect(book.urls()).toEqual([
      'ws://pi.local:7600/agent',
      'ws://[fd00::1]:7600/agent',
      'wss://home.example.org/cloudless/agent',
      'ws://x:1/agent',
      'ws://10.0.0.9:7600/agent',
    ]);
  });

  it('tries what answers until one is right, and tries that one first from then on', async () => {
    const { book } = await open(['a:1', 'b:1'], ['ws://a:1/agent', 'ws://b:1/agent']);
    const tried: string[] = [];
    const attempt = () =>
      book.attempt((url) => {
        tried.push(url);
        return url.includes('//a')
          ? Promise.reject(new DialFailed('certificate_refused', 'another cluster', { hop: 'pin' }))
          : Promise.resolve(url);
      }, signal);
    expect(await attempt()).toBe('ws://b:1/agent');
    expect(book.urls()[0]).toBe('ws://b:1/agent');
    expect(tried).toEqual(['ws://a:1/agent', 'ws://b:1/agent']);
  });

  it('takes a refusal of the right one as the answer', async () => {
    const { book } = await open(['a:1', 'b:1'], ['ws://a:1/agent', 'ws://b:1/agent']);
    let count = 0;
    const failed = book.attempt(() => {
      count += 1;
      return Promise.reject(new DialFailed('revoked', 'removed', { retry: false }));
    }, signal);
    await expect(failed).rejects.toThrow('removed');
    expect(count).toBe(1);
  });

  it('asks the network when no address answers, and says where it looked when that does not help', async () => {
    const moved = await open(['a:1'], ['ws://10.0.0.5:7600/agent'], ['10.0.0.5:7600']);
    expect(await moved.book.attempt((url) => Promise.resolve(url), signal)).toBe('ws://10.0.0.5:7600/agent');
    const lost = await open(['a:1'], []);
    await expect(lost.book.attempt((url) => Promise.resolve(url), signal)).rejects.toMatchObject({
      hop: 'tcp',
      message: expect.stringContaining('a:1, 10.0.0.9:7600') as string,
    });
  });

  it('keeps the list that the coordinator tells, and never forgets what was configured', async () => {
    const { book, saved } = await open(['a:1'], []);
    await book.replace(['c:1', 'rub bish']);
    await book.replace(['c:1']);
    await book.replace([]);
    expect(saved).toEqual([['c:1']]);
    expect(book.urls()).toEqual(['ws://a:1/agent', 'ws://c:1/agent']);
  });
});
