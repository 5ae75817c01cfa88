import { isDeepStrictEqual } from 'node:util';
import type { Clock, Logger, Timer } from '@cloudless/kernel';
import { WITHHELD, type Cause, type LendingRule, type LendingVerdict } from '@cloudless/proto';
import { judgeLending, minutesToNextBoundary, type LendingFacts } from './judge-lending.ts';

/** Power, network and use of the machine are looked at this often while the rule asks for them. */
const LOOK_EVERY_MS = 10_000;

/** What the owner lends, judged by the device itself: with or without a coordinator. */
export interface LendingKeeper {
  readonly rule: LendingRule;
  readonly verdict: LendingVerdict;
  /** Why nothing may run here; `undefined` while it lends. */
  withheld(): Cause | undefined;
  /** The owner's new rule; resolves when it is durable. */
  setRule(rule: LendingRule): Promise<void>;
  /** Looks at the device at once, as when its network changed. */
  judgeNow(): void;
  stop(): void;
}

export type LendingKeeperDeps = {
  readonly rule: LendingRule;
  readonly save: (rule: LendingRule) => Promise<void>;
  readonly facts: () => Promise<Omit<LendingFacts, 'local'>>;
  /** Weekday and minute by the device's time zone. */
  readonly localTime: (now: number) => LendingFacts['local'];
  /** Called when the verdict changes. */
  readonly onChange: (verdict: LendingVerdict) => void;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Judges once before it resolves, so that nothing starts which the owner does not lend. */
export async function startLendingKeeper(deps: LendingKeeperDeps): Promise<LendingKeeper> {
  const { clock, logger } = deps;
  let { rule } = deps;
  let verdict: LendingVerdict = { state: 'lending' };
  let timer: Timer | undefined;
  let isStopped = false;
  let judging: Promise<void> | undefined;
  let isDue = false;

  async function judge(): Promise<void> {
    const facts = await deps.facts();
    const next = judgeLending(rule, { ...facts, local: deps.localTime(clock.now()) });
    if (isStopped || isDeepStrictEqual(next, verdict)) return;
    verdict = next;
    logger.info({
      op: 'lending.judge',
      outcome: 'ok',
      state: next.state,
      ...(next.state === 'withheld' ? { causes: next.causes.map(({ code }) => code) } : {}),
    });
    deps.onChange(next);
  }

  /** One look at a time; what is asked for meanwhile is one more. */
  function judgeNow(): void {
    if (judging) {
      isDue = true;
      return;
    }
    judging = judge()
      .catch((cause: unknown) => logger.warn({ op: 'lending.judge', outcome: 'failed' }, cause))
      .finally(() => {
        judging = undefined;
        if (isDue) {
          isDue = false;
          judgeNow();
        } else plan();
      });
  }

  function plan(): void {
    timer?.cancel();
    if (isStopped) return;
    const { mainsOnly, batteryAtLeastPercent, unmeteredOnly, networks, idleMinutes, hours } = rule;
    const looks =
      mainsOnly === true ||
      batteryAtLeastPercent !== undefined ||
      unmeteredOnly === true ||
      networks !== undefined ||
      idleMinutes !== undefined;
    const now = clock.now();
    const boundaryMs = hours ? minutesToNextBoundary(hours, deps.localTime(now).minute) * 60_000 - (now % 60_000) : Infinity;
    const delayMs = Math.min(looks ? LOOK_EVERY_MS : Infinity, boundaryMs);
    if (Number.isFinite(delayMs)) timer = clock.setTimer(Math.max(100, delayMs), judgeNow);
  }

  await judge();
  plan();
  return {
    get rule() {
      return rule;
    },
    get verdict() {
      return verdict;
    },
    withheld() {
      if (verdict.state === 'lending') return undefined;
      const message = verdict.causes.map((cause) => cause.message).join(' ');
      return { code: WITHHELD, message: `The device does not lend now: ${message}`.slice(0, 2000) };
    },
    async setRule(next) {
      if (!isDeepStrictEqual(next, rule)) {
        rule = next;
        await deps.save(next);
      }
      judgeNow();
      await judging;
    },
    judgeNow,
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
