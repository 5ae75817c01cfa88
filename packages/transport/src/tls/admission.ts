import type { Clock, Entropy, Timer } from '@cloudless/kernel';

export type AdmissionOptions = {
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly entropy: Pick<Entropy, 'random'>;
  /** Handshakes that are worked on together. */
  readonly atOnce: number;
  /** Connections that wait for their turn, at most. */
  readonly queueLimit: number;
  /** How long one waits before it is asked to come back. */
  readonly waitMs: number;
};

/** One connection at the door. */
export type Visitor = {
  /** Its turn, at once or later. */
  admitted(): void;
  /** Too many, or too long; never after `admitted`. */
  refused(retryAfterMs: number): void;
};

/** Whom to let in when very many come together: some at once, the rest in the order in which they came. */
export interface Admission {
  /** @returns what to call when its handshake is over, or it went; more than once does nothing */
  enter(visitor: Visitor): () => void;
}

/** Those that are refused come back spread over this, and never in step. */
const RETRY_MS = { least: 1000, spread: 3000 };

export function createAdmission(options: AdmissionOptions): Admission {
  const { clock, entropy, atOnce, queueLimit, waitMs } = options;
  const waiting = new Map<Visitor, Timer>();
  let busy = 0;

  const refuse = (visitor: Visitor): void => visitor.refused(Math.round(RETRY_MS.least + RETRY_MS.spread * entropy.random()));

  function letIn(): void {
    for (const [visitor, timer] of waiting) {
      if (busy >= atOnce) return;
      timer.cancel();
      waiting.delete(visitor);
      busy += 1;
      visitor.admitted();
    }
  }

  return {
    enter(visitor) {
      if (busy >= atOnce && waiting.size >= queueLimit) {
        refuse(visitor);
        return () => undefined;
      }
      let isOver = false;
      const timer = clock.setTimer(waitMs, () => {
        isOver = true;
        waiting.delete(visitor);
        refuse(visitor);
      });
      waiting.set(visitor, timer);
      letIn();
      return () => {
        if (isOver) return;
        isOver = true;
        if (waiting.delete(visitor)) return timer.cancel();
        busy -= 1;
        letIn();
      };
    },
  };
}
