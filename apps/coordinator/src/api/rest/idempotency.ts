import { createHash } from 'node:crypto';
import type { Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';

/** A client that lost an answer asks again within minutes; a day is generous. */
const KEEP_MS = 24 * 3_600_000;
const MAX_KEYS = 10_000;

export type Answer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };
type Kept = { readonly fingerprint: string; readonly answer: Promise<Answer>; readonly at: number };

/**
 * The answer to a change that carried an `Idempotency-Key`, given again to the same request. In memory: after a restart of the coordinator
 * a repeated request runs again, and the guards of names and generations hold.
 */
export function createIdempotency(clock: Pick<Clock, 'now'>) {
  const kept = new Map<string, Kept>();

  function sweep(): void {
    for (const [key, { at }] of kept) {
      if (kept.size < MAX_KEYS && at > clock.now() - KEEP_MS) return;
      kept.delete(key);
    }
  }

  /** @throws CloudlessError `idempotency_conflict` when the key came with another request */
  return (owner: string, key: string, request: string, work: () => Promise<Answer>): Promise<Answer> => {
    sweep();
    const id = `${owner}\0${key}`;
    const fingerprint = createHash('sha256').update(request).digest('hex');
    const known = kept.get(id);
    if (known && known.fingerprint !== fingerprint) {
      const told = `The Idempotency-Key ${key.slice(0, 64)} came with another request before.`;
      return Promise.reject(new CloudlessError('idempotency_conflict', told));
    }
    if (known) return known.answer;
    const answer = work();
    kept.set(id, { fingerprint, answer, at: clock.now() });
    // What failed is tried again.
    answer.catch(() => kept.delete(id));
    return answer;
  };
}
