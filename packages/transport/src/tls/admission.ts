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
  /** While fewer are worked on, those are invited that come when there is time. */
  readonly quietBelow: number;
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
  /**
   * Calls `invite` when few are at the door, in the order of the calls: who is invited comes by `enter`.
   * @returns what to call when it has come, or will not; more than once does nothing
   */
  whenQuiet(invite: () => void): () => void;
}

/** Who was invited and does not come makes room after this; it may be late, as it is known. */
const INVITED_MS = 2000;

/** Those that are refused come back spread over this, and never in step. */
const RETRY_MS = { least: 1000, spread: 3000 };

export function createAdmission(options: AdmissionOptions): Admission {
  const { clock, entropy, atOnce, queueLimit, waitMs, quietBelow } = options;
  const waiting = new Map<Visitor, Timer>();
  const uninvited = new Set<() => void>();
  let busy = 0;
  let invited = 0;

  const refuse = (visitor: Visitor): void => visitor.refused(Math.round(RETRY_MS.least + RETRY_MS.spread * entropy.random()));

  function letIn(): void {
    for (const [visitor, timer] of waiting) {
      if (busy >= atOnce) return;
      timer.cancel();
      waiting.delete(visitor);
      busy += 1;
      visitor.admitted();
    }
    inviteSome();
  }

  function inviteSome(): void {
    for (const invite of uninvited) {
      if (busy + invited >= quietBelow) return;
      uninvited.delete(invite);
      invite();
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
    whenQuiet(invite) {
      let timer: Timer | undefined;
      let isOver = false;
      const call = (): void => {
        invited += 1;
        timer = clock.setTimer(INVITED_MS, settle);
        invite();
      };
      function settle(): void {
        if (isOver) return;
        isOver = true;
        timer?.cancel();
        if (timer) invited -= 1;
        else uninvited.delete(call);
        inviteSome();
      }
      uninvited.add(call);
      inviteSome();
      return settle;
    },
  };
}
