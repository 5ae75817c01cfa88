import type { Store } from '@cloudless/db';
import type { Clock, Timer } from '@cloudless/kernel';
import type { NodeId, NodeRow } from '@cloudless/proto';
import { judgeLiveness, RECONNECT_MS, type Verdict } from './judge-liveness.ts';
import { createDueTimes } from './due-times.ts';
import type { NodeWriter } from './node-writer.ts';
import { silenceLimitOf, type Presence } from './presence.ts';

const TICK_MS = 250;
/** A look is made when a limit passes before the next, but no sooner after the last. */
const LEAST_MS = 50;
/** One of whom only news is expected is looked at as often, in case that news was missed. */
const QUIET_MS = 30_000;
/** A tick this late means that the observer stood still: nobody else is to blame for that time. */
const STALL_MS = 250;
/** In slow mode, all limits are this much wider. */
const SLOW_FACTOR = 3;
/** Slow mode: at least so many, and more than half of the connected, fell silent together. The network or the observer is the likelier cause. */
const SLOW_AT_LEAST = 3;
/** Part of its limit after which a device counts for that: before the first of those that vanished together is judged. */
const LATE = 0.7;

export interface LivenessWatch {
  /** Judges one node now, after news of it; one that is new, at the next look. */
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
  /** Whoever is looked at, before its transitions. */
  readonly onLook: (presence: Presence) => void;
  readonly onTick: () => void;
};

/**
 * Has transitions of nodes written. It looks four times a second, and when one has been silent for as long as it may be, at those of whom that is to be
 * expected: those in doubt each time, and those that speak as often as they do. Any other change comes with news, which is for `check`.
 */
export function createLivenessWatch(options: LivenessWatchOptions): LivenessWatch {
  const { store, clock, nodes, presences, presenceOf } = options;
  let factor = 1;
  let dueAtMs = clock.bootMs() + TICK_MS;
  let timer: Timer;
  const due = createDueTimes<NodeId>();
  /** Whose silence says something: they are connected, or were. */
  const watched = new Set<NodeId>();
  /** Of these, those that have been silent for so long that they count for slow mode. */
  const late = new Set<NodeId>();

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
    const row = store.get('node', nodeId)?.row;
    if (!row || row.revokedAt !== undefined) return forget(nodeId);
    if (!presences.has(nodeId)) return due.set(presenceOf(nodeId).nodeId, clock.bootMs() + TICK_MS);
    const presence = presenceOf(nodeId);
    noteLate(presence, clock.bootMs());
    const isSettled = nodes.sync(nodeId, () => {
      const newest = store.get('node', nodeId)?.row;
      if (!newest || newest.revokedAt !== undefined) return undefined;
      const known = presenceOf(nodeId);
      return { verdict: judge(newest, known), fingerprint: known.fingerprint };
    });
    due.set(nodeId, nextLookMs(row, presence, isSettled));
  }

  function forget(nodeId: NodeId): void {
    watched.delete(nodeId);
    late.delete(nodeId);
    due.delete(nodeId);
  }

  function noteLate(presence: Presence, now: number): void {
    const { nodeId } = presence;
    const isWatched = presence.link !== undefined || presence.closedAtMs !== undefined;
    if (isWatched) watched.add(nodeId);
    else watched.delete(nodeId);
    if (isWatched && now - presence.heardAtMs > LATE * silenceLimitOf(presence)) late.add(nodeId);
    else late.delete(nodeId);
  }

  /** The earliest time at which anything of it can change without news, and sooner where that is cheap. */
  function nextLookMs({ state: { word } }: NodeRow, presence: Presence, isSettled: boolean): number {
    const now = clock.bootMs();
    const silenceMs = silenceLimitOf(presence);
    const limits = [limitAtMs(presence), presence.heardAtMs + LATE * silenceMs].filter((atMs) => atMs >= now).map((atMs) => atMs + 1);
    const isGone = word === 'lost' || word === 'left' || word === 'asleep';
    const isQuiet = presence.link ? now - presence.controlAtMs <= silenceMs / 2 && !presence.isReturning : isGone;
    if (!isSettled || !isQuiet) return Math.min(now + TICK_MS, ...limits);
    // What it may be silent for changes with its beats, so that it is looked at as often as it beats.
    return presence.link
      ? Math.min(now + presence.beatMs, presence.controlAtMs + silenceMs / 2 + 1, presence.measureAtMs, ...limits)
      : Math.min(now + QUIET_MS, ...limits);
  }

  /** Time in which this process stood still counts for nobody. */
  function forgiveStall(now: number): boolean {
    const lateMs = now - dueAtMs;
    if (lateMs <= STALL_MS) return false;
    for (const presence of presences.values()) {
      presence.heardAtMs += lateMs;
      presence.controlAtMs += lateMs;
      if (presence.bulkAtMs !== undefined) presence.bulkAtMs += lateMs;
      if (presence.closedAtMs !== undefined) presence.closedAtMs += lateMs;
    }
    return true;
  }

  function chooseFactor(now: number): number {
    const isSlow = (): boolean => late.size >= SLOW_AT_LEAST && late.size * 2 > watched.size;
    // Some may have been heard since they were looked at.
    if (isSlow()) for (const nodeId of late) noteLate(presenceOf(nodeId), now);
    return isSlow() ? SLOW_FACTOR : 1;
  }

  /** When it is missed if nothing comes. */
  const limitAtMs = (presence: Presence): number =>
    presence.link ? presence.controlAtMs + silenceLimitOf(presence) * factor : (presence.closedAtMs ?? Infinity) + RECONNECT_MS;

  function plan(now: number): void {
    const delayMs = Math.ceil(Math.min(TICK_MS, Math.max(LEAST_MS, due.earliestMs - now)));
    dueAtMs = now + delayMs;
    timer = clock.setTimer(delayMs, tick);
  }

  function tick(): void {
    const now = clock.bootMs();
    const isStalled = forgiveStall(now);
    const looked = isStalled ? [...presences.keys()] : due.take(now);
    for (const nodeId of looked) noteLate(presenceOf(nodeId), now);
    factor = chooseFactor(now);
    for (const nodeId of looked) {
      options.onLook(presenceOf(nodeId));
      check(nodeId);
    }
    options.onTick();
    plan(now);
  }
  for (const { row } of store.list('node')) check(row.id);
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
