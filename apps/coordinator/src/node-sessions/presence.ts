import type { Clock } from '@cloudless/kernel';
import type { Fingerprint, NodeId, Usage } from '@cloudless/proto';
import type { CoordinatorLink, LinkPath } from '@cloudless/transport';
import type { ChannelView } from './node-sessions.ts';

const USAGE_KEPT_MS = 15 * 60_000;
/** Samples kept of one device, whatever it sends: 15 minutes at one a second. */
const MAX_SAMPLES = 900;

type ChannelSeen = { lastAt?: number; rttMs?: number };

/** What the leader's memory knows of one device. Nothing here is durable. */
export type Presence = {
  readonly nodeId: NodeId;
  link: CoordinatorLink | undefined;
  /** Boot time at which anything came last; the start of this coordinator until then. */
  heardAtMs: number;
  closedAtMs: number | undefined;
  hasLeft: boolean;
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
  usage: Usage[];
};

export const createPresence = (nodeId: NodeId, nowMs: number): Presence => ({
  nodeId,
  link: undefined,
  heardAtMs: nowMs,
  closedAtMs: undefined,
  hasLeft: false,
  sleeps: undefined,
  isReturning: false,
  alertedAtMs: undefined,
  fingerprint: undefined,
  seen: { control: {}, bulk: {} },
  measureAtMs: nowMs,
  usage: [],
});

export function viewChannel(presence: Presence | undefined, path: LinkPath): ChannelView {
  return { connected: presence?.link !== undefined, ...presence?.seen[path] };
}

/** Keeps a sample for 15 minutes. A sample's own time is the device's clock and may be wrong, so that it is stamped here. */
export function keepUsage(presence: Presence, usage: Usage, now: number): void {
  const kept = presence.usage.filter((sample) => now - sample.at < USAGE_KEPT_MS);
  presence.usage = [...kept.slice(-(MAX_SAMPLES - 1)), { ...usage, at: now }];
}

/** Both paths are measured this often, which also keeps proxies from closing an idle bulk path. */
const MEASURE_MS = 5000;

/** Measures both paths once, when that is due. What does not answer shows by its age. */
export function measurePaths(presence: Presence, clock: Clock): void {
  const { link } = presence;
  if (!link || clock.bootMs() < presence.measureAtMs) return;
  presence.measureAtMs = clock.bootMs() + MEASURE_MS;
  for (const path of ['control', 'bulk'] as const) {
    const sentAt = clock.now();
    void link.probe(path).then(
      () => {
        const lastAt = clock.now();
        presence.seen[path] = { lastAt, rttMs: Math.max(0, lastAt - sentAt) };
        presence.heardAtMs = clock.bootMs();
      },
      () => undefined,
    );
  }
}
