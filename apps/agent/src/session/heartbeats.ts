import type { Timer } from '@cloudless/kernel';
import type { AgentLink } from '@cloudless/transport';
import type { SessionDeps, UsageSample } from './session-ports.ts';

/** Use is sampled no more often; a heartbeat between two samples carries none. */
const USAGE_EVERY_MS = 5_000;
/** Heartbeats without an answer after which the link counts as half-open, and the least time. */
const SILENT_BEATS = 3;
const SILENT_MS = 2_000;

export interface Heartbeats {
  acknowledged(sequence: number): void;
  stop(): void;
}

/** Beats every `everyMs` and closes a link that answers no more. */
export function startHeartbeats(everyMs: number, link: AgentLink, deps: Pick<SessionDeps, 'clock' | 'logger' | 'sampleUsage'>): Heartbeats {
  const { clock, logger } = deps;
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
    link.send({ kind: 'heartbeat', sequence, ...usage, allocations: [...(sample?.allocations ?? [])] });
    sample = undefined;
    sequence += 1;
    timer = clock.setTimer(everyMs, beat);
  }

  timer = clock.setTimer(0, beat);
  return {
    acknowledged() {
      answeredAt = clock.bootMs();
    },
    stop() {
      isStopped = true;
      timer.cancel();
    },
  };
}
