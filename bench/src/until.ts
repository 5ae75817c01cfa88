import { setTimeout as pause } from 'node:timers/promises';

export type Patience = { readonly withinMs?: number; readonly everyMs?: number };

/**
 * Looks until there is something to see, and gives it. What `look` throws ends it.
 *
 * @throws Error that names `what` when the time is over
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  { withinMs = 60_000, everyMs = 10 }: Patience = {},
): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${withinMs / 1000} s`);
    await pause(everyMs);
  }
}
