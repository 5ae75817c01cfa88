/** Days as ISO 8601 counts them, from Monday. */
export const WEEK = [1, 2, 3, 4, 5, 6, 7] as const;

/** `22:00` of minutes since midnight. */
export const minuteToClock = (minute: number): string =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** Minutes since midnight; 0 when the field is empty. */
export function clockToMinute(text: string): number {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})/.exec(text) ?? [];
  return Math.min(1439, Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}

/** Runs of days: `[1,2,3,5]` is `[[1,3],[5,5]]`. */
export function runsOf(days: readonly number[]): readonly (readonly [first: number, last: number])[] {
  const runs: [number, number][] = [];
  for (const day of days.toSorted((one, other) => one - other)) {
    const last = runs.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}
