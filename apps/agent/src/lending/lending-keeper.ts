import { isDeepStrictEqual } from 'node:util';
import { withDeadline, type Clock, type Logger, type Timer } from '@cloudless/kernel';
import { WITHHELD, isSelective, type Cause, type LendingRule, type LendingVerdict } from '@cloudless/proto';
import { judgeLending, minutesToNextBoundary, type LendingFacts } from './judge-lending.ts';

/** Power, network and use of the machine are looked at this often while the rule asks for them. */
const LOOK_EVERY_MS = 10_000;
/** A sensor that says nothing for so long has failed; what it said last holds on. */
const LOOK_DEADLINE_MS = 5_000;
/** While there are hours, the clock is looked at this often: it may be set, or change its zone or its summer time. */
const CLOCK_EVERY_MS = 60_000;
/** What runs when its rule is narrowed may run on for so long, to be moved before it is stopped. */
export const MOVE_GRACE_MS = 60_000;

export type SensedFacts = Omit<LendingFacts, 'local'>;
/** Of a device whose sensors never answered. */
export const NOTHING_SENSED: SensedFacts = { power: { source: 'unknown' }, link: { type: 'unknown' } };

/** What the owner lends, judged by the device itself: with or without a coordinator. */
export interface LendingKeeper {
  readonly rule: LendingRule;
  readonly verdict: LendingVerdict;
  /** Why nothing may run here; `undefined` while it lends. */
  withheld(): Cause | undefined;
  /** What runs and is not lent for may run on: the coordinator is moving it. */
  readonly isMoving: boolean;
  /** The owner's new rule; resolves when it is judged and durable. It counts at once, and also when it cannot be stored. */
  setRule(rule: LendingRule): Promise<void>;
  /** Looks at the device at once, as when its network changed. */
  judgeNow(): void;
  stop(): void;
}

export type LendingKeeperDeps = {
  readonly rule: LendingRule;
  readonly save: (rule: LendingRule) => Promise<void>;
  readonly facts: () => Promise<SensedFacts>;
  /** Weekday and minute by the device's time zone. */
  readonly localTime: (now: number) => LendingFacts['local'];
  /** Called when the verdict or the rule changes, and when what runs may run on no longer. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Whether the verdict depends on what the device senses. */
const asksSensors = ({ mainsOnly, batteryAtLeastPercent, unmeteredOnly, networks, idleMinutes }: LendingRule): boolean =>
  mainsOnly === true ||
  batteryAtLeastPercent !== undefined ||
  unmeteredOnly === true ||
  networks !== undefined ||
  idleMinutes !== undefined;

/** Judges once before it resolves, so that nothing starts which the owner does not lend. */
export async function startLendingKeeper(deps: LendingKeeperDeps): Promise<LendingKeeper> {
  const { clock, logger } = deps;
  let { rule } = deps;
  let savedRule = rule;
  let verdict: LendingVerdict = { state: 'lending' };
  let sensed = NOTHING_SENSED;
  let movingUntilMs = -Infinity;
  let moving: Timer | undefined;
  let timer: Timer | undefined;
  let isStopped = false;
  let looking: Promise<void> | undefined;
  let nextLook: Promise<void> | undefined;

  const judge = (by: LendingRule): LendingVerdict => judgeLending(by, { ...sensed, local: deps.localTime(clock.now()) });

  function settle(next: LendingVerdict): void {
    if (isStopped || isDeepStrictEqual(next, verdict)) return;
    verdict = next;
    logger.info({
      op: 'lending.judge',
      outcome: 'ok',
      state: next.state,
      ...(next.state === 'withheld' ? { causes: next.causes.map(({ code }) => code) } : {}),
    });
    deps.onChange();
  }

  async function look(): Promise<void> {
    try {
      // A sensor is a program that is started: each change of the network would cost two of them.
      sensed = asksSensors(rule)
        ? await withDeadline(clock, 'looking at power, network and use', LOOK_DEADLINE_MS, deps.facts)
        : NOTHING_SENSED;
    } catch (cause) {
      logger.warn({ op: 'lending.look', outcome: 'failed' }, cause);
    }
    settle(judge(rule));
    plan();
  }

  /** One look at a time; all that is asked for meanwhile is one more. */
  function lookNow(): Promise<void> {
    if (nextLook) return nextLook;
    if (looking) return (nextLook = looking.then(() => ((nextLook = undefined), lookNow())));
    return (looking = look().finally(() => (looking = undefined)));
  }

  function plan(): void {
    timer?.cancel();
    if (isStopped) return;
    const { hours } = rule;
    const now = clock.now();
    const boundaryMs = hours ? minutesToNextBoundary(hours, deps.localTime(now).minute) * 60_000 - (now % 60_000) : Infinity;
    const delayMs = Math.min(asksSensors(rule) ? LOOK_EVERY_MS : Infinity, hours ? CLOCK_EVERY_MS : Infinity, boundaryMs);
    if (Number.isFinite(delayMs)) timer = clock.setTimer(Math.max(100, delayMs), () => void lookNow());
  }

  /** What no sensor is needed for is judged at once: a pause waits neither for them nor for the disk. */
  function judgeWithoutLooking({ pausedAt, hours }: LendingRule): void {
    const certain = judge({ ...(pausedAt === undefined ? {} : { pausedAt }), ...(hours ? { hours } : {}) });
    if (certain.state === 'withheld') settle(certain);
  }

  /** At every change of what a single allocation is refused by, and at the start: whoever is told of it later is given no less. */
  function startMoving(): void {
    moving?.cancel();
    if (!isSelective(rule)) return;
    movingUntilMs = clock.bootMs() + MOVE_GRACE_MS;
    moving = clock.setTimer(MOVE_GRACE_MS, () => deps.onChange());
  }

  startMoving();
  await lookNow();
  return {
    get rule() {
      return rule;
    },
    get verdict() {
      return verdict;
    },
    get isMoving() {
      return clock.bootMs() < movingUntilMs;
    },
    withheld() {
      if (verdict.state === 'lending') return undefined;
      const message = verdict.causes.map((cause) => cause.message).join(' ');
      return { code: WITHHELD, message: `The device does not lend now: ${message}`.slice(0, 2000) };
    },
    async setRule(next) {
      if (!isDeepStrictEqual(next, rule)) {
        rule = next;
        startMoving();
        judgeWithoutLooking(next);
        deps.onChange();
      }
      const judged = lookNow();
      if (!isDeepStrictEqual(next, savedRule)) {
        await deps.save(next);
        savedRule = next;
      }
      await judged;
    },
    judgeNow: () => void lookNow(),
    stop() {
      isStopped = true;
      timer?.cancel();
      moving?.cancel();
    },
  };
}
