import { createServer, type AddressInfo } from 'node:net';
import { ok } from '@cloudless/kernel';
import { createManualClock, createMemoryLogger, createSeededEntropy } from '@cloudless/kernel/testing';
import { DialFailed, dialCoordinator } from '@cloudless/transport/tls';
import { describe, expect, it } from 'vitest';
import { createAddressBook, type Opening } from './address-book.ts';

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

  const silence = () => new DialFailed('timeout', 'nothing came', { hop: 'http', isSilent: true });

  it('asks each address briefly while others are untried, and those that said nothing once more with patience', async () => {
    const { book } = await open(['a:1', 'b:1'], ['ws://a:1/agent', 'ws://b:1/agent', 'ws://10.0.0.9:7600/agent'], ['c:1']);
    const tried: [string, Opening][] = [];
    const reached = await book.attempt((url, _, opening) => {
      tried.push([new URL(url).hostname, opening]);
      const isSilent = url.includes('//a') && opening.openWithinMs !== undefined;
      if (isSilent) return Promise.reject(silence());
      return url.includes('//a') ? Promise.resolve(url) : Promise.reject(new DialFailed('path_lost', 'no', { hop: 'tcp' }));
    }, signal);
    expect(reached).toBe('ws://a:1/agent');
    expect(tried).toEqual([
      ['a', { openWithinMs: 4000 }],
      ['b', { openWithinMs: 4000 }],
      ['10.0.0.9', {}],
      ['a', {}],
    ]);
  });

  it('leaves a real door that accepts and never answers after 4 s for the next one', async () => {
    const clock = createManualClock();
    const heard = Promise.withResolvers<void>();
    const silent = createServer((socket) => {
      socket.once('data', () => heard.resolve());
      socket.once('close', () => left.resolve());
      socket.on('error', () => undefined);
    });
    const left = Promise.withResolvers<void>();
    const other = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n')));
    const urls: string[] = [];
    for (const server of [silent, other]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      urls.push(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/agent`);
    }
    const book = await createAddressBook({
      configured: urls,
      load: () => Promise.resolve([]),
      save: () => Promise.resolve(),
      async *probe(candidates) {
        yield* candidates;
      },
      logger: createMemoryLogger(),
    });
    const identity = { certificate: '', key: '' };
    const tried: string[] = [];
    const done = new AbortController();
    const attempt = book.attempt((url, inner, opening) => {
      tried.push(url);
      if (tried.length === 3) done.abort(new Error('seen enough'));
      return dialCoordinator({ entropy: createSeededEntropy(1), url, ...opening, identity, judgeCoordinator: ok, clock, signal: inner });
    }, done.signal);
    await heard.promise;
    await clock.advance(4000);
    await expect(attempt).rejects.toThrow('seen enough');
    await left.promise;
    expect(tried).toEqual([urls[0], urls[1], urls[0]]);
    silent.close();
    other.close();
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
