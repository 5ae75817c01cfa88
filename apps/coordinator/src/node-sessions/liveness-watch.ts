import type { Store } from '@cloudless/db';
import type { Clock, Timer } from '@cloudless/kernel';
import type { NodeId, NodeRow } from '@cloudless/proto';
import { judgeLiveness, RECONNECT_MS, type Verdict } from './judge-liveness.ts';
import type { NodeWriter } from './node-writer.ts';
import { silenceLimitOf, type Presence } from './presence.ts';

const TICK_MS = 250;
/** A look is made when a limit passes before the next, but no sooner after the last. */
const LEAST_MS = 50;
/** A tick this late means that the observer stood still: nobody else is to blame for that time. */
const STALL_MS = 250;
/** In slow mode, all limits are this much wider. */
const SLOW_FACTOR = 3;
/** Slow mode: at least so many, and more than half of the connected, fell silent together. The network or the observer is the likelier cause. */
const SLOW_AT_LEAST = 3;
/** Part of its limit after which a device counts for that: before the first of those that vanished together is judged. */
const LATE = 0.7;

export interface LivenessWatch {
  /** Judges one node now, after news of it. */
  check(nodeId: NodeId): void;
  /** Its silence as it counts against it: less than it lasted, where others or the observer are to blame. */
  silentMs(nodeId: NodeId): number | undefined;
  stop(): void;
}

export type LivenessWatchOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly nodes: NodeWriter;
  readonly presences: ReadonlyMap<NodeId, Presence>;
  /** Makes it where it is missing, as heard now: no node is lost before it had its full grace from this coordinator. */
  readonly presenceOf: (nodeId: NodeId) => Presence;
  readonly lostAfterMs: number;
  readonly onTick: () => void;
};

/** Looks at every node four times a second, and when one has been silent for as long as it may be; has transitions written. */
export function createLivenessWatch(options: LivenessWatchOptions): LivenessWatch {
  const { store, clock, nodes, presences, presenceOf } = options;
  let factor = 1;
  let dueAtMs = clock.bootMs() + TICK_MS;
  let timer: Timer;

  function judge(row: NodeRow, presence: Presence): Verdict | undefined {
    const now = clock.bootMs();
    const fingerprint = presence.fingerprint ?? row.fingerprint;
    return judgeLiveness({
      word: row.state.word,
      isConnected: presence.link !== undefined && !presence.isReturning,
      sleeps: presence.sleeps,
      silentMs: now - presence.heardAtMs,
      controlSilentMs: now - presence.controlAtMs,
      bulkSilentMs: presence.bulkAtMs === undefined ? undefined : now - presence.bulkAtMs,
      closedForMs: presence.closedAtMs === undefined ? undefined : now - presence.closedAtMs,
      hasLeft: presence.hasLeft,
      silenceLimitMs: silenceLimitOf(presence, fingerprint) * factor,
      lostAfterMs: options.lostAfterMs * factor,
      engine: fingerprint?.engine,
    });
  }

  function check(nodeId: NodeId): void {
    nodes.sync(nodeId, () => {
      const row = store.get('node', nodeId)?.row;
      if (!row || row.revokedAt !== undefined) return undefined;
      const presence = presenceOf(nodeId);
      return { verdict: judge(row, presence), fingerprint: presence.fingerprint };
    });
  }

  /** Time in which this process stood still counts for nobody. */
  function forgiveStall(now: number): void {
    const lateMs = now - dueAtMs;
    if (lateMs <= STALL_MS) return;
    for (const presence of presences.values()) {
      presence.heardAtMs += lateMs;
      presence.controlAtMs += lateMs;
      if (presence.bulkAtMs !== undefined) presence.bulkAtMs += lateMs;
      if (presence.closedAtMs !== undefined) presence.closedAtMs += lateMs;
    }
  }

  function chooseFactor(now: number): number {
    let watched = 0;
    let silent = 0;
    for (const presence of presences.values()) {
      if (!presence.link && presence.closedAtMs === undefined) continue;
      watched += 1;
      if (now - presence.heardAtMs > LATE * silenceLimitOf(presence)) silent += 1;
    }
    return silent >= SLOW_AT_LEAST && silent * 2 > watched ? SLOW_FACTOR : 1;
  }

  /** When it is missed if nothing comes. */
  const limitAtMs = (presence: Presence): number =>
    presence.link ? presence.controlAtMs + silenceLimitOf(presence) * factor : (presence.closedAtMs ?? Infinity) + RECONNECT_MS;

  /** Until the next limit passes, at most until the next look. */
  function nextLookMs(now: number): number {
    let nextMs = TICK_MS;
    for (const presence of presences.values()) {
      const leftMs = limitAtMs(presence) - now;
      if (leftMs >= 0) nextMs = Math.min(nextMs, leftMs + 1);
    }
    return Math.max(LEAST_MS, Math.ceil(nextMs));
  }

  function plan(now: number): void {
    const delayMs = nextLookMs(now);
    dueAtMs = now + delayMs;
    timer = clock.setTimer(delayMs, tick);
  }

  function tick(): void {
    const now = clock.bootMs();
    forgiveStall(now);
    factor = chooseFactor(now);
    for (const { row } of store.list('node')) if (row.revokedAt === undefined) check(row.id);
    options.onTick();
    plan(now);
  }
  for (const { row } of store.list('node')) presenceOf(row.id);
  plan(clock.bootMs());

  return {
    check,
    silentMs(nodeId) {
      const presence = presences.get(nodeId);
      return presence && (clock.bootMs() - presence.heardAtMs) / factor;
    },
    stop: () => timer.cancel(),
  };
}
