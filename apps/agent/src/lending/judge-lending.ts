import type { Cause, Fingerprint, LendingHours, LendingRule, LendingVerdict } from '@cloudless/proto';

const MINUTES_A_DAY = 1440;

/** What the rule is judged by. A sensor that a machine does not have says nothing, and forbids nothing: see each judge. */
export type LendingFacts = {
  readonly power: Fingerprint['power'];
  readonly link: Fingerprint['link'];
  /** Since somebody last used the machine; absent where its system does not tell. */
  readonly idleMs?: number | undefined;
  /** By the device's own clock and time zone. */
  readonly local: { readonly weekday: number; readonly minute: number };
};

type Judge = (rule: LendingRule, facts: LendingFacts) => Cause | undefined;

const paused: Judge = (rule) =>
  rule.pausedAt === undefined
    ? undefined
    : { code: 'paused', message: 'Its owner took the device back.', params: { sinceAt: rule.pausedAt } };

const hours: Judge = ({ hours: windows }, { local }) => {
  if (!windows || windows.some((window) => isWithin(window, local))) return undefined;
  return { code: 'hours', message: `It lends only ${windows.map(describeHours).join(' and ')}.` };
};

/** A machine without supplies that its system would show is a desktop or a server: on mains. */
const mains: Judge = ({ mainsOnly = false }, { power }) =>
  mainsOnly && power.source === 'battery' ? { code: 'mains', message: 'It lends only on mains, and runs on its battery.' } : undefined;

const battery: Judge = ({ batteryAtLeastPercent: least }, { power: { source, batteryPercent: percent } }) =>
  least !== undefined && source === 'battery' && percent !== undefined && percent < least
    ? { code: 'battery', message: `It lends above ${least} % of its battery, and has ${percent} %.`, params: { least, percent } }
    : undefined;

/** Mobile networks count as metered unless they say otherwise; others only when they say so. */
const metered: Judge = ({ unmeteredOnly = false }, { link }) =>
  unmeteredOnly && (link.metered ?? link.type === 'mobile')
    ? { code: 'metered', message: 'It lends only on networks that are not metered.' }
    : undefined;

/** Named networks are a wish for certainty: one whose name is not known is not among them. A cable has no name, and is at home. */
const network: Judge = ({ networks }, { link }) =>
  !networks || link.type === 'wired' || (link.name !== undefined && networks.includes(link.name))
    ? undefined
    : {
        code: 'network',
        message: `It lends only on ${networks.join(', ')}, and is on ${link.name ?? 'another network'}.`,
        params: { networks: networks.join(', ') },
      };

const idle: Judge = ({ idleMinutes }, { idleMs }) =>
  idleMinutes !== undefined && idleMs !== undefined && idleMs < idleMinutes * 60_000
    ? { code: 'idle', message: `It lends when nobody has used it for ${idleMinutes} min.`, params: { idleMinutes } }
    : undefined;

const JUDGES: readonly Judge[] = [paused, hours, mains, battery, metered, network, idle];

/** Whether the device lends now, and each condition that does not hold. Pure. */
export function judgeLending(rule: LendingRule, facts: LendingFacts): LendingVerdict {
  const causes = JUDGES.map((judge) => judge(rule, facts)).filter((cause) => cause !== undefined);
  return causes.length === 0 ? { state: 'lending' } : { state: 'withheld', causes };
}

/** Whether a window holds the moment; one that ends before it begins runs past midnight and belongs to the day on which it began. */
export function isWithin({ days, fromMinute, untilMinute }: LendingHours, { weekday, minute }: LendingFacts['local']): boolean {
  if (fromMinute < untilMinute) return days.includes(weekday) && minute >= fromMinute && minute < untilMinute;
  const yesterday = weekday === 1 ? 7 : weekday - 1;
  return (days.includes(weekday) && minute >= fromMinute) || (days.includes(yesterday) && minute < untilMinute);
}

/** Minutes until a window opens or closes next, at most a day: when to judge again. */
export function minutesToNextBoundary(windows: readonly LendingHours[], minute: number): number {
  const away = windows.flatMap(({ fromMinute, untilMinute }) =>
    [fromMinute, untilMinute % MINUTES_A_DAY].map((at) => (at - minute + MINUTES_A_DAY) % MINUTES_A_DAY || MINUTES_A_DAY),
  );
  return Math.min(MINUTES_A_DAY, ...away, MINUTES_A_DAY - minute);
}

const DAYS = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
const clockOf = (minute: number): string =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

export const describeHours = ({ days, fromMinute, untilMinute }: LendingHours): string => {
  const named =
    days.length === 7
      ? ''
      : `${days
          .toSorted((one, other) => one - other)
          .map((day) => DAYS[day])
          .join(', ')} `;
  return `${named}from ${clockOf(fromMinute)} to ${clockOf(untilMinute)}`;
};
