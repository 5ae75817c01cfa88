import type { Timer } from '@cloudless/kernel';
import type { AgentLink } from '@cloudless/transport';
import type { GrantedLease } from '../leases/lease-keeper.ts';
import type { SessionDeps, UsageSample } from './session-ports.ts';

/** Use is sampled no more often; a heartbeat between two samples carries none. */
const USAGE_EVERY_MS = 5_000;
/** Heartbeats without an answer after which the link counts as half-open, and the least time. */
const SILENT_BEATS = 3;
const SILENT_MS = 2_000;

/** Heartbeats that asked and wait for their answer; an answer that comes later grants nothing. */
const MAX_ASKED = 64;

type HeartbeatDeps = Pick<SessionDeps, 'clock' | 'logger' | 'sampleUsage'> & {
  /** Absent for a coordinator that grants none. */
  readonly leases?: Pick<SessionDeps['leases'], 'due' | 'granted'> | undefined;
};

export interface Heartbeats {
  acknowledged(sequence: number, leases?: readonly GrantedLease[]): void;
  /** Beats now, as when a lease is wanted. */
  beat(): void;
  stop(): void;
}

/** Beats every `everyMs` and closes a link that answers no more. */
export function startHeartbeats(everyMs: number, link: AgentLink, deps: HeartbeatDeps): Heartbeats {
  const { clock, logger, leases } = deps;
  /** Of heartbeats that asked for leases and were not answered: a lease counts from when it was asked for. */
  const askedAtMs = new Map<number, number>();
  let sequence = 0;
  let answeredAt = clock.bootMs();
  let sampledAt = -Infinity;
  let sample: UsageSample | undefined;
  let isStopped = false;
  let timer: Timer;

  const refresh = async (): Promise<void> => {
    try {
      sample = await deps.sampleUsage();
    } catch (cause) {
      logger.debug({ op: 'usage.sample', outcome: 'failed', reason: String(cause) });
    }
  };

  function beat(): void {
    if (isStopped) return;
    const now = clock.bootMs();
    const silentMs = now - answeredAt;
    if (silentMs > Math.max(SILENT_MS, SILENT_BEATS * everyMs)) {
      link.close({ code: 'timeout', message: `the coordinator answered no heartbeat for ${Math.round(silentMs)} ms`, retry: true });
      return;
    }
    if (now - sampledAt >= USAGE_EVERY_MS) {
      sampledAt = now;
      void refresh();
    }
    const usage = sample?.usage ? { usage: sample.usage } : {};
    const asked = leases?.due() ?? [];
    if (asked.length > 0) note(sequence, now);
    const asks = asked.length > 0 ? { leases: [...asked] } : {};
    link.send({ kind: 'heartbeat', sequence, ...usage, ...asks, allocations: [...(sample?.allocations ?? [])] });
    sample = undefined;
    sequence += 1;
    timer.cancel();
    timer = clock.setTimer(everyMs, beat);
  }

  function note(asking: number, nowMs: number): void {
    askedAtMs.set(asking, nowMs);
    const [oldest] = askedAtMs.keys();
    if (askedAtMs.size > MAX_ASKED && oldest !== undefined) askedAtMs.delete(oldest);
  }

  timer = clock.setTimer(0, beat);
  return {
    acknowledged(answered, granted) {
      answeredAt = clock.bootMs();
      const sentAt = askedAtMs.get(answered);
      askedAtMs.delete(answered);
      if (sentAt !== undefined && granted) void leases?.granted(sentAt, granted);
    },
    beat,
    stop() {
      isStopped = true;
      timer.cancel();
    },
  };
}
