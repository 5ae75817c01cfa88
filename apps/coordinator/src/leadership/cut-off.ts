import type { Clock, Timer } from '@cloudless/kernel';
import type { LeaseState } from './lease.ts';

/**
 * How long a leader may be without the store and without every other coordinator before its agents look elsewhere. Another that could
 * take over has done so by then: it waits for as long as a lease holds, and this one's has run out already.
 */
export const CUT_OFF_MS = 4_000;
const LOOK_MS = 500;

/**
 * Pure: whether the fault lies here. A leader that only misses the store keeps its agents, since every coordinator misses it; one that
 * also misses those it knew is alone, and the others may have a leader already.
 *
 * @param aloneSinceMs boot time since which no other coordinator attends; `undefined` while one does, or none was ever met
 */
export function isCutOff(state: LeaseState, aloneSinceMs: number | undefined, nowMs: number): boolean {
  if (state.kind !== 'unconfirmed' || aloneSinceMs === undefined) return false;
  return nowMs - state.sinceMs >= CUT_OFF_MS && nowMs - aloneSinceMs >= CUT_OFF_MS;
}

export type CutOffOptions = {
  readonly clock: Pick<Clock, 'bootMs' | 'setTimer'>;
  readonly state: () => LeaseState;
  readonly aloneSinceMs: () => number | undefined;
  /** Called each time that it begins. */
  readonly onCutOff: () => void;
};

export interface CutOff {
  readonly isCutOff: boolean;
  stop(): void;
}

/** Looks now and then whether this leader is alone. */
export function watchCutOff({ clock, state, aloneSinceMs, onCutOff }: CutOffOptions): CutOff {
  let is = false;
  let timer: Timer;
  function look(): void {
    const now = isCutOff(state(), aloneSinceMs(), clock.bootMs());
    const begins = now && !is;
    is = now;
    if (begins) onCutOff();
    timer = clock.setTimer(LOOK_MS, look);
  }
  timer = clock.setTimer(LOOK_MS, look);
  return {
    get isCutOff() {
      return is;
    },
    stop: () => timer.cancel(),
  };
}
