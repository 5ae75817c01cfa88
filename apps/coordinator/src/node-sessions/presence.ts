import type { Clock } from '@cloudless/kernel';
import type { Fingerprint, NodeId } from '@cloudless/proto';
import type { CoordinatorLink, LinkPath } from '@cloudless/transport';
import { allowedSilenceMs, noGaps, noteGap, type Gaps } from './allowed-silence.ts';
import type { ChannelView } from './node-sessions.ts';
import { createUsageHistory, type UsageHistory } from './usage-history.ts';

type ChannelSeen = { lastAt?: number; rttMs?: number };

/** What the leader's memory knows of one device. Nothing here is durable. */
export type Presence = {
  readonly nodeId: NodeId;
  link: CoordinatorLink | undefined;
  /** Boot time at which anything came last, on either path; the start of this coordinator until then. */
  heardAtMs: number;
  /** The same of the control path alone: a device is not online by an answer on the other. */
  controlAtMs: number;
  /** Boot time at which the bulk path of this link answered last. */
  bulkAtMs: number | undefined;
  closedAtMs: number | undefined;
  /** How often it was told to speak. */
  beatMs: number;
  /** How punctual it was: a gap between two links is none. */
  gaps: Gaps;
  /** A gap in which it was missed, until its link shows that it lives. */
  missed: { readonly gapMs: number; readonly endedAtMs: number } | undefined;
  /** It said that it goes: for good, as far as it knows, or because its machine is shut down. */
  hasLeft: 'goodbye' | 'shutdown' | undefined;
  /** Said that it goes to sleep, or is of a kind that does and closed its link in order. */
  sleeps: 'said' | 'guessed' | undefined;
  /** Its hello came, and what it said is not in the store yet: until then nothing is decided on its rows. */
  isReturning: boolean;
  /** When somebody was last told that another machine shows this identity. */
  alertedAtMs: number | undefined;
  /** As last reported; the writer brings it into the row. */
  fingerprint: Fingerprint | undefined;
  readonly seen: Record<LinkPath, ChannelSeen>;
  /** Boot time at which its paths are measured again. */
  measureAtMs: number;
  measuredAtMs: number;
  /** The link whose path has not answered yet: one question waits on a path, however long it says nothing. */
  readonly asked: Partial<Record<LinkPath, CoordinatorLink | undefined>>;
  readonly usage: UsageHistory;
};

export const createPresence = (nodeId: NodeId, nowMs: number): Presence => ({
  nodeId,
  link: undefined,
  heardAtMs: nowMs,
  controlAtMs: nowMs,
  bulkAtMs: undefined,
  closedAtMs: undefined,
  beatMs: 0,
  gaps: noGaps(nowMs),
  missed: undefined,
  hasLeft: undefined,
  sleeps: undefined,
  isReturning: false,
  alertedAtMs: undefined,
  fingerprint: undefined,
  seen: { control: {}, bulk: {} },
  measureAtMs: nowMs,
  measuredAtMs: nowMs,
  asked: {},
  usage: createUsageHistory(),
});

export function viewChannel(presence: Presence | undefined, path: LinkPath): ChannelView {
  return { connected: presence?.link?.stands(path) ?? false, ...presence?.seen[path] };
}

/** How long it may be silent now. @param fingerprint as stored, until it said one */
export const silenceLimitOf = (presence: Presence, fingerprint?: Fingerprint): number =>
  allowedSilenceMs(presence.fingerprint ?? fingerprint, presence.gaps, presence.beatMs);

/** A link that is spoken on for so long after a gap outlived it. */
const OUTLIVED_MS = 1000;

/**
 * A cable that was cut and is plugged in again first brings what was on its way, on a link that its device has given up: that is no gap of a device which is not
 * punctual. So one in which it was missed counts when its link is still spoken on later.
 */
function noteGapOf(presence: Presence, now: number): void {
  const { missed } = presence;
  const gapMs = now - presence.controlAtMs;
  if (gapMs > silenceLimitOf(presence)) presence.missed = { gapMs, endedAtMs: now };
  else presence.gaps = noteGap(presence.gaps, gapMs, now);
  if (!missed || now - missed.endedAtMs < OUTLIVED_MS) return;
  presence.gaps = noteGap(presence.gaps, missed.gapMs, now);
  if (presence.missed === missed) presence.missed = undefined;
}

/** Something came on its control path. */
export function noteHeard(presence: Presence, link: CoordinatorLink, clock: Clock): void {
  const now = clock.bootMs();
  if (presence.link === link) noteGapOf(presence, now);
  presence.heardAtMs = now;
  presence.controlAtMs = now;
  presence.seen.control.lastAt = clock.now();
}

/** Both paths are measured as often as the device may be silent, within these: a radio is woken no oftener than its beats wake it, and proxies close what is idle for a minute. */
const [MEASURE_LEAST_MS, MEASURE_MOST_MS] = [5000, 20_000];
/** One that is silent for half of what is allowed is asked this often, so that it is known which path is to blame. */
const DOUBT_MS = 1000;

/** Measures the paths that stand once, when that is due. What does not answer shows by its age. */
export function measurePaths(presence: Presence, clock: Clock): void {
  const { link } = presence;
  const silenceLimitMs = silenceLimitOf(presence);
  const now = clock.bootMs();
  if (!link) return;
  if (now - presence.controlAtMs > silenceLimitMs / 2)
    presence.measureAtMs = Math.min(presence.measureAtMs, presence.measuredAtMs + DOUBT_MS);
  if (now < presence.measureAtMs) return;
  presence.measuredAtMs = now;
  presence.measureAtMs = now + Math.min(MEASURE_MOST_MS, Math.max(MEASURE_LEAST_MS, silenceLimitMs));
  for (const path of ['control', 'bulk'] as const) measurePath(presence, link, path, clock);
}

/** Measures one path of its link now, if it stands and was not asked already. */
export function measurePath(presence: Presence, link: CoordinatorLink, path: LinkPath, clock: Clock): void {
  if (presence.link !== link || presence.asked[path] === link || !link.stands(path)) return;
  const sentAt = clock.now();
  presence.asked[path] = link;
  void link.probe(path).then(
    () => {
      if (presence.asked[path] !== link) return;
      presence.asked[path] = undefined;
      const lastAt = clock.now();
      if (path === 'control') noteHeard(presence, link, clock);
      else presence.heardAtMs = presence.bulkAtMs = clock.bootMs();
      presence.seen[path] = { lastAt, rttMs: Math.max(0, lastAt - sentAt) };
    },
    () => undefined,
  );
}
