import type { Cause, Engine, NodeState } from '@cloudless/proto';

/** What is known of a device now. Ages are in boot time. */
export type Signals = {
  readonly word: NodeState['word'];
  readonly isConnected: boolean;
  /** Since anything came from it on either path, or since this coordinator started. */
  readonly silentMs: number;
  /** Since anything came on its control path. */
  readonly controlSilentMs: number;
  /** Since its bulk path answered; absent when this link's never did. */
  readonly bulkSilentMs: number | undefined;
  /** Since its link closed; absent while connected, or before it ever was. */
  readonly closedForMs: number | undefined;
  readonly hasLeft: 'goodbye' | 'shutdown' | undefined;
  readonly sleeps: 'said' | 'guessed' | undefined;
  readonly silenceLimitMs: number;
  /** Silence after which it counts as lost. */
  readonly lostAfterMs: number;
  readonly engine: Engine | undefined;
};

/** An agent that restarts or changes networks is back within this. */
export const RECONNECT_MS = 1000;

/** An answer of the bulk path is this old at most while the control path is in doubt: it is asked every second, and a look every 0.25 s. */
const BULK_ANSWER_MS = 3000;

export type Verdict = { readonly word: NodeState['word']; readonly cause: Cause };

/** A device that sleeps for longer is lost. How long its replicas wait for it, each app says. */
const SLEEP_MS = 7 * 86_400_000;

/** After this coordinator started, before a device that was online counts as silent: agents look for it with back-off. */
const RETURN_MS = 10_000;

/**
 * The state that a device is in by its signals. Pure: order and events are the caller's.
 *
 * @returns `undefined` while the state that is recorded stands
 */
export function judgeLiveness(signals: Signals): Verdict | undefined {
  const { word, isConnected, silentMs, lostAfterMs, closedForMs } = signals;
  const isNew = !isConnected && closedForMs === undefined;
  const limitMs = isNew ? Math.max(signals.silenceLimitMs, RETURN_MS) : signals.silenceLimitMs;
  if (signals.hasLeft === 'shutdown') return verdict('left', 'shut_down', 'The device was shut down.');
  if (signals.hasLeft) return verdict('left', 'agent_left', 'The device said goodbye.');
  if (isConnected && signals.controlSilentMs <= limitMs) return judgeEngine(signals.engine);
  if (isConnected && answersOnBulk(signals, limitMs))
    return {
      word: 'degraded',
      cause: { code: 'control_silent', message: 'The device answers on its bulk connection and says nothing on the other.' },
    };
  // It is known to be gone: more silence is no news.
  if (word === 'left' || word === 'lost') return undefined;
  const asleep = judgeSleep(signals, isNew);
  if (asleep) return asleep === 'stands' ? undefined : asleep;
  if (silentMs > lostAfterMs)
    return verdict('lost', 'silent_too_long', 'The device has not been heard from for too long; its replicas are replaced elsewhere.');
  // Why it was missed stays, whatever becomes of its link.
  if (word === 'unreachable') return undefined;
  if (closedForMs !== undefined && closedForMs > RECONNECT_MS)
    return verdict('unreachable', 'link_closed', 'The connection of the device ended, and it has not come back yet.');
  if (silentMs > limitMs) return silent(limitMs);
  return undefined;
}

function silent(limitMs: number): Verdict {
  const seconds = Math.round(limitMs / 100) / 10;
  const message = `It has been silent for more than the ${seconds} s that its connection is allowed.`;
  return { word: 'unreachable', cause: { code: 'silent', message, params: { seconds } } };
}

/** Since the control path was in doubt: an answer from before is none. */
const answersOnBulk = ({ controlSilentMs, bulkSilentMs }: Signals, limitMs: number): boolean =>
  bulkSilentMs !== undefined && bulkSilentMs < controlSilentMs - limitMs / 2 && bulkSilentMs <= Math.max(limitMs, BULK_ANSWER_MS);

/** Asleep is not silent: it was said, or is likely. A leader that starts believes the word that it finds. */
function judgeSleep({ word, isConnected, silentMs, sleeps, closedForMs }: Signals, isNew: boolean): Verdict | 'stands' | undefined {
  if (isConnected || silentMs > SLEEP_MS) return undefined;
  if (sleeps === 'said') return verdict('asleep', 'went_to_sleep', 'The device said that it goes to sleep.');
  if (sleeps === 'guessed' && closedForMs !== undefined)
    return closedForMs > RECONNECT_MS
      ? verdict('asleep', 'fell_asleep', 'A device that sleeps now and then closed its connection in order.')
      : 'stands';
  return word === 'asleep' && isNew ? 'stands' : undefined;
}

function judgeEngine(engine: Engine | undefined): Verdict {
  if (engine && engine.state !== 'ready') return { word: 'degraded', cause: engine.cause };
  return verdict('online', 'connected', 'The device is connected and answers.');
}

const verdict = (word: NodeState['word'], code: string, message: string): Verdict => ({ word, cause: { code, message } });
