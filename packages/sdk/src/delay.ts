/** Waits, then calls `fire`, once; the answer cancels. */
export function delay(ms: number, fire: () => void): () => void {
  // The SDK runs in programs and pages that have no Clock to give it, and nothing of it runs in the simulator.
  // oxlint-disable-next-line eslint/no-restricted-globals
  const timer = setTimeout(fire, ms);
  // oxlint-disable-next-line eslint/no-restricted-globals
  return () => clearTimeout(timer);
}

const BASE_MS = 250;
const MAX_MS = 5000;

/** Wait before try number `attempt` (0 for the first again): at once, then doubling to 5 s, for as long as somebody follows. */
export const retryDelayMs = (attempt: number): number => (attempt === 0 ? 0 : Math.min(MAX_MS, BASE_MS * 2 ** Math.min(attempt - 1, 10)));
