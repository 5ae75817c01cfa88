import type { Fingerprint } from '@cloudless/proto';

/** How long a device of a kind may be silent, in ms: wires are punctual, Wi-Fi radios sleep, phones doze. */
const SILENCE_MS = { wired: 1500, wifi: 10_000, mobile: 60_000 } as const;
/** One on a wire may be silent for so many times its longest gap of late, within these: two beats and a late third at least. */
const GAPS = 2;
const [PUNCTUAL_MS, UNPUNCTUAL_MS] = [1100, 3000];
/** What is remembered of a gap: until the half minute after the one in which it ended is over. */
const WINDOW_MS = 30_000;

type Kind = keyof typeof SILENCE_MS;
type Device = Pick<Fingerprint, 'link' | 'power'>;

/** A wire counts only on mains: a laptop may sleep at any moment. What is not known counts as Wi-Fi. */
function kindOf(device: Device | undefined): Kind {
  if (device?.link.type === 'mobile') return 'mobile';
  return device?.link.type === 'wired' && device.power.source !== 'battery' ? 'wired' : 'wifi';
}

/** The longest times between two signs of life on one link: in the half minute that runs, and in the one before it if all of that was heard. */
export type Gaps = { readonly sinceMs: number; readonly longestMs: number; readonly beforeMs: number | undefined };

export const noGaps = (nowMs: number): Gaps => ({ sinceMs: nowMs, longestMs: 0, beforeMs: undefined });

/** @param gapMs that ends now, in boot time */
export function noteGap(gaps: Gaps, gapMs: number, nowMs: number): Gaps {
  const ageMs = nowMs - gaps.sinceMs;
  if (ageMs < WINDOW_MS) return gapMs > gaps.longestMs ? { ...gaps, longestMs: gapMs } : gaps;
  return { sinceMs: nowMs, longestMs: gapMs, beforeMs: ageMs < 2 * WINDOW_MS ? gaps.longestMs : undefined };
}

/**
 * How long a device may be silent now: by its kind of connection, and on a wire by how punctual it was. Of one that was not heard for long enough no more is
 * known than its kind.
 *
 * @param beatMs how often it was told to speak, which its kind may have changed since
 */
export function allowedSilenceMs(device: Device | undefined, gaps?: Gaps, beatMs = 0): number {
  const kindMs = Math.max(SILENCE_MS[kindOf(device)], 3 * beatMs);
  if (kindMs > SILENCE_MS.wired) return kindMs;
  const longestMs = Math.max(gaps?.longestMs ?? 0, gaps?.beforeMs ?? SILENCE_MS.wired / GAPS);
  return Math.min(UNPUNCTUAL_MS, Math.max(PUNCTUAL_MS, GAPS * longestMs));
}

/** Three beats fit into what its kind allows, at least one every 5 s. */
export const heartbeatMs = (device: Device | undefined): number => Math.min(5000, Math.floor(SILENCE_MS[kindOf(device)] / 3));

/**
 * Silence of both paths after which a link is closed as half-open. A live agent has left it long before: it gives up after three beats without an answer. What only
 * stood still for a moment goes on without a new handshake.
 */
export const halfOpenMs = (silenceMs: number): number => Math.max(15_000, 3 * silenceMs);
