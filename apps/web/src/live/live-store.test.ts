import { CloudlessError, type LiveChange } from '@cloudless/proto';
import type { CloudlessClient, FollowHandlers } from '@cloudless/sdk';
import { describe, expect, it, vi } from 'vitest';
import { createLiveStore } from './live-store.ts';

type Row = { readonly id: string; readonly revision?: number; readonly name?: string };

/** A coordinator of one page: answers lists when told to, and says changes when told to. */
function createScene() {
  let handlers: FollowHandlers<LiveChange> | undefined;
  let closed = 0;
  let listed = 0;
  let answer: () => Promise<{ rows: Row[] }> = () => Promise.resolve({ rows: [] });
  const none = () => Promise.resolve({ rows: [] });
  const client = {
    node: { list: none, listJoins: none },
    allocation: { list: none },
    event: { list: none },
    workload: {
      list: () => {
        listed += 1;
        return answer();
      },
    },
    live: {
      follow: (_input: object, given: FollowHandlers<LiveChange>) => {
        handlers = given;
        return { close: () => (closed += 1) };
      },
    },
  } as unknown as CloudlessClient;
  const lost = vi.fn<() => void>();
  const store = createLiveStore({ client, now: () => 1000, onLost: lost });
  return {
    store,
    lost,
    say: (change: unknown, eventId?: string) => handlers?.onData(change as LiveChange, eventId),
    enter: (state: 'live' | 'reconnecting') => handlers?.onState?.(state),
    fail: (code: 'unauthenticated' | 'cursor_expired') => handlers?.onError?.(new CloudlessError(code, 'no')),
    answers: (next: typeof answer) => (answer = next),
    counts: () => ({ closed, listed }),
  };
}

const app = (id: string, revision: number, name = id) => ({ kind: 'workload', workload: { id, revision, name } });
const names = (scene: ReturnType<typeof createScene>) => [...scene.store.getState().workloads.values()].map(({ name }) => name);

describe('the live store', () => {
  it('lists once the subscription stands, and not before', async () => {
    const scene = createScene();
    const stop = scene.store.start();
    expect(scene.counts().listed).toBe(0);
    scene.answers(() => Promise.resolve({ rows: [{ id: 'wl_a', revision: 1, name: 'a' }] }));
    scene.enter('live');
    await vi.waitFor(() => expect(scene.store.getState().loaded).toBe(true));
    expect(names(scene)).toEqual(['a']);
    stop();
  });
  it('applies changes that arrive while lists are read over them', async () => {
    const scene = createScene();
    const stop = scene.store.start();
    let finish: (value: { rows: Row[] }) => void = () => undefined;
    scene.answers(() => new Promise((resolve) => (finish = resolve)));
    scene.enter('live');
    scene.say(app('wl_a', 5, 'renamed'));
    scene.say({ kind: 'workloadGone', workloadId: 'wl_b' });
    finish({
      rows: [
        { id: 'wl_a', revision: 4, name: 'old' },
        { id: 'wl_b', revision: 3, name: 'gone' },
      ],
    });
    await vi.waitFor(() => expect(scene.store.getState().loaded).toBe(true));
    expect(names(scene)).toEqual(['renamed']);
    stop();
  });
  it('lists again on a reset, and keeps what is shown until then', async () => {
    const scene = createScene();
    const stop = scene.store.start();
    scene.answers(() => Promise.resolve({ rows: [{ id: 'wl_a', revision: 1, name: 'a' }] }));
    scene.enter('live');
    await vi.waitFor(() => expect(names(scene)).toEqual(['a']));
    scene.answers(() => Promise.resolve({ rows: [{ id: 'wl_b', revision: 2, name: 'b' }] }));
    scene.say({ kind: 'reset' }, '7');
    expect(names(scene)).toEqual(['a']);
    await vi.waitFor(() => expect(names(scene)).toEqual(['b']));
    stop();
  });
  it('does not list again when a stream with a cursor resumes, and asks who is there', async () => {
    const scene = createScene();
    const stop = scene.store.start();
    scene.enter('live');
    scene.say({ kind: 'tick', at: 1000 }, '3');
    await vi.waitFor(() => expect(scene.store.getState().loaded).toBe(true));
    scene.enter('reconnecting');
    expect(scene.lost).toHaveBeenCalledTimes(1);
    scene.enter('live');
    expect(scene.counts().listed).toBe(1);
    stop();
  });
  it('says why the lists do not come, and tries again', async () => {
    const scene = createScene();
    const stop = scene.store.start();
    scene.answers(() => Promise.reject(new CloudlessError('store_unavailable', 'no')));
    scene.enter('live');
    await vi.waitFor(() => expect(scene.store.getState().failure?.code).toBe('store_unavailable'));
    scene.answers(() => Promise.resolve({ rows: [] }));
    await vi.waitFor(() => expect(scene.store.getState().failure).toBeUndefined(), { timeout: 3000 });
    stop();
  });
  it('leaves no stream and no timer behind when it stops', async () => {
    vi.useFakeTimers();
    const scene = createScene();
    const stop = scene.store.start();
    scene.fail('cursor_expired');
    scene.say(app('wl_a', 1));
    stop();
    expect(scene.counts().closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});
