import { isCloudlessError, type CloudlessError, type LiveChange } from '@cloudless/proto';
import type { CloudlessClient, FollowState } from '@cloudless/sdk';
import { applyChanges, applyListed } from './apply-changes.ts';
import { listAll } from './list-all.ts';
import { EMPTY_STATE, type LiveState } from './live-state.ts';

/** Changes are shown together, this often at most. */
const FLUSH_MS = 50;
/** So long a page waits for its socket before it shows what it can list without. */
const SOCKET_MS = 1500;
const RETRY_MS = { first: 1000, most: 15_000 } as const;

export interface LiveStore {
  getState(): LiveState;
  subscribe(listener: () => void): () => void;
  /** Shows a row that an action answered with, before its change arrives. */
  merge(change: LiveChange): void;
  /** Lists again, as a person asks for after a failure. */
  reload(): void;
  /** Follows the cluster until the answer is called. */
  start(): () => void;
}

export type LiveStoreOptions = {
  readonly client: CloudlessClient;
  /** This browser's clock, in ms since the epoch. */
  readonly now: () => number;
  /** The connection was lost: perhaps because the session ended. */
  readonly onLost: () => void;
};

/**
 * One subscription for the whole page, and the lists it starts from. Changes that arrive while lists are read wait and are applied over
 * them, so nothing between the two is lost.
 */
export function createLiveStore({ client, now, onLost }: LiveStoreOptions): LiveStore {
  let state = EMPTY_STATE;
  const listeners = new Set<() => void>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let waiting: LiveChange[] = [];
  let flushing = false;
  let isRunning = false;
  /** Counts loads: the answer of an older one is dropped. */
  let load = 0;
  let loading = false;
  let failures = 0;
  let hasCursor = false;

  function set(next: LiveState): void {
    state = next;
    for (const listener of listeners) listener();
  }
  function later(ms: number, fire: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      fire();
    }, ms);
    timers.add(timer);
  }

  function flush(): void {
    flushing = false;
    if (loading || waiting.length === 0) return;
    const changes = waiting;
    waiting = [];
    set(applyChanges(state, changes, now()));
  }
  function take(change: LiveChange): void {
    waiting.push(change);
    if (flushing) return;
    flushing = true;
    later(FLUSH_MS, flush);
  }

  async function reload(): Promise<void> {
    if (!isRunning) return;
    load += 1;
    const mine = load;
    loading = true;
    const outcome = await listAll(client).then(
      (listed) => ({ kind: 'listed', listed }) as const,
      (error: unknown) => ({ kind: 'failed', error }) as const,
    );
    if (mine !== load || !isRunning) return;
    loading = false;
    if (outcome.kind === 'listed') {
      failures = 0;
      set(applyListed(state, outcome.listed, now()));
    } else fail(outcome.error);
    flush();
  }
  function fail(error: unknown): void {
    if (!isCloudlessError(error)) throw error;
    set({ ...state, failure: error });
    if (error.code === 'unauthenticated') return;
    failures += 1;
    later(Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (failures - 1)), () => void reload());
  }

  function onState(connection: FollowState): void {
    const before = state.connection;
    set({ ...state, connection, ...(connection === 'live' ? { heardAt: now() } : {}) });
    if (connection === 'reconnecting') onLost();
    // Without a cursor there is nothing to resume from.
    if (connection === 'live' && (before === 'connecting' || !hasCursor)) void reload();
  }
  function onData(change: LiveChange, eventId?: string): void {
    hasCursor ||= eventId !== undefined;
    if (change.kind === 'reset') void reload();
    take(change);
  }

  function start(): () => void {
    isRunning = true;
    let following = follow();
    function follow() {
      return client.live.follow(
        {},
        {
          onState,
          onData,
          onError: (error: CloudlessError) => {
            set({ ...state, connection: 'reconnecting', ...(state.loaded ? {} : { failure: error }) });
            onLost();
            hasCursor = false;
            later(RETRY_MS.most, () => {
              following = follow();
            });
          },
        },
      );
    }
    later(SOCKET_MS, () => {
      if (load === 0) void reload();
    });
    return () => {
      isRunning = false;
      load = 0;
      following.close();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      flushing = false;
      waiting = [];
    };
  }

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    merge: (change) => set(applyChanges(state, [change], now())),
    reload: () => void reload(),
    start,
  };
}
