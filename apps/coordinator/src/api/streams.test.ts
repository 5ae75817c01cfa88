import { expect, it } from 'vitest';
import { createStreams } from './streams.ts';
import { createTestApi } from './testing/create-test-api.ts';

/** A token of the owner, and a stream that it follows. */
async function open() {
  const api = await createTestApi();
  const authorization = `Bearer ${await api.claim()}`;
  const context = {
    caller: await api.people.authenticate({ authorization }),
    origin: { headers: { authorization }, remoteAddress: '' },
    addCookies: () => undefined,
    drained: () => Promise.resolve(),
  };
  const leaving = new AbortController();
  const streams = createStreams(api);
  return {
    api,
    context,
    leaving,
    follow: () => streams.open(context, 'event.read', leaving.signal),
    async revoke() {
      const { caller } = context;
      if (caller?.kind !== 'token') throw new Error('a token calls');
      const row = { kind: 'user', id: caller.userId, name: 'Ada' } as Parameters<typeof api.people.tokens.revoke>[0];
      await api.people.tokens.revoke(row, caller.id);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

it('a stream ends when its token is revoked, and says why', async () => {
  await using at = await open();
  using stream = at.follow();
  const ended = new Promise((resolve) => stream.signal.addEventListener('abort', resolve));
  expect(() => stream.throwIfLost()).not.toThrow();
  await at.revoke();
  await ended;
  expect(() => stream.throwIfLost()).toThrow(expect.objectContaining({ code: 'unauthenticated' }) as Error);
});

it('a stream ends without a word when its reader leaves, and holds nothing after', async () => {
  await using at = await open();
  const before = at.api.clock.pending;
  {
    using stream = at.follow();
    at.leaving.abort(new Error('left'));
    expect(stream.signal.aborted).toBe(true);
    stream.throwIfLost();
  }
  await at.api.clock.advance(0);
  expect(at.api.clock.pending).toBe(before);
});

it('a connection follows 32 streams at most, and another when one of them has ended', async () => {
  await using at = await open();
  const streams = Array.from({ length: 32 }, () => at.follow());
  expect(() => at.follow()).toThrow(expect.objectContaining({ code: 'overloaded' }) as Error);
  streams.pop()?.[Symbol.dispose]();
  streams.push(at.follow());
  for (const stream of streams) stream[Symbol.dispose]();
});
