import type { LeaderRow } from '@cloudless/db';

/** Evidence that a leader's process has ended, so that nobody need wait for its silence. */
export interface ProveGone {
  /** `true` only when it is known: its address refuses connections, or another process of that coordinator answers there. Never rejects. */
  isGone(leader: LeaderRow, signal: AbortSignal): Promise<boolean>;
  /** Called when it may be worth asking: a connection to the leader broke. Returns how to stop. */
  onHint(listener: () => void): () => void;
}

/** Knows nothing: silence has to do. */
export const noProof: ProveGone = { isGone: () => Promise.resolve(false), onHint: () => () => undefined };
