const LOOK_EVERY_MS = 25;

/**
 * Waits until `wrong` says nothing any more.
 *
 * @returns how long it took, in ms
 * @throws Error with what was last wrong
 */
export async function until(
  what: string,
  withinMs: number,
  wrong: () => Promise<string | undefined> | string | undefined,
): Promise<number> {
  const fromMs = performance.now();
  for (;;) {
    const said = await wrong();
    const tookMs = performance.now() - fromMs;
    if (said === undefined) return tookMs;
    if (tookMs > withinMs) throw new Error(`within ${withinMs} ms: ${what}; but ${said}`);
    await pause(LOOK_EVERY_MS);
  }
}

/**
 * As `until`, and it stays so for `calmMs`: what nobody has noticed yet is not well.
 *
 * @returns how long it took until it began to be so for good, in ms
 */
export async function untilStays(
  what: string,
  { withinMs, calmMs }: { readonly withinMs: number; readonly calmMs: number },
  wrong: () => Promise<string | undefined>,
): Promise<number> {
  const fromMs = performance.now();
  let sinceMs: number | undefined;
  await until(what, withinMs + calmMs, async () => {
    const said = await wrong();
    const nowMs = performance.now() - fromMs;
    sinceMs = said === undefined ? (sinceMs ?? nowMs) : undefined;
    if (sinceMs === undefined) return said;
    return nowMs - sinceMs >= calmMs ? undefined : `it is so for ${Math.round(nowMs - sinceMs)} ms only`;
  });
  return sinceMs ?? 0;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
