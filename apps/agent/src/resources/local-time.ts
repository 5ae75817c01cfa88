import { uptime } from 'node:os';

/** ISO weekday and minute since midnight by the device's time zone. */
export function readLocalTime(now: number): { readonly weekday: number; readonly minute: number } {
  const local = new Date(now);
  return { weekday: local.getDay() || 7, minute: local.getHours() * 60 + local.getMinutes() };
}

/** Since the machine started, in ms. */
export const uptimeMs = (): number => uptime() * 1000;
