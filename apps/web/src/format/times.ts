/** Instants and ages as people read them, in their language. All pure: the time is an argument. */

const STEPS = [
  { unit: 'day', ms: 86_400_000 },
  { unit: 'hour', ms: 3_600_000 },
  { unit: 'minute', ms: 60_000 },
  { unit: 'second', ms: 1000 },
] as const;

const stepOf = (ms: number) => STEPS.find((step) => ms >= step.ms) ?? STEPS[3];

/** How long ago: `3 min ago`. The future counts as now: clocks differ. */
export function formatAgo(at: number, now: number, locale: string): string {
  const age = Math.max(0, now - at);
  const { unit, ms } = stepOf(age);
  return new Intl.RelativeTimeFormat(locale, { style: 'short', numeric: age < 1000 ? 'auto' : 'always' }).format(
    -Math.floor(age / ms),
    unit,
  );
}

/** A length of time in its largest unit: `3 min`. */
export function formatDuration(durationMs: number, locale: string): string {
  const { unit, ms } = stepOf(Math.max(0, durationMs));
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(Math.floor(Math.max(0, durationMs) / ms));
}

/** Date and time of day. `timeZone`: an IANA name; the reader's own when absent. */
export const formatInstant = (at: number, locale: string, timeZone?: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', ...(timeZone === undefined ? {} : { timeZone }) }).format(at);

export const formatHourAndMinute = (at: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(at);

export const formatTimeOfDay = (at: number, locale: string, timeZone?: string): string =>
  new Intl.DateTimeFormat(locale, { timeStyle: 'medium', ...(timeZone === undefined ? {} : { timeZone }) }).format(at);
