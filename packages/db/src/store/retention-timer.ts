import type { Clock, Logger, Timer } from '@cloudless/kernel';
import { retentionStatements, type RetentionLimits } from '../retention.ts';
import type { GuardedWriter } from '../sql/guarded-writer.ts';

export interface Retention {
  /** Called after each group: many groups make a sweep due before the timer does. */
  countGroup(): Promise<void>;
  stop(): Promise<void>;
}

export type RetentionOptions = {
  readonly writer: GuardedWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: RetentionLimits;
};

const SWEEP_EVERY_GROUPS = 256;
const SWEEP_EVERY_MS = 3_600_000;

/** Keeps growing tables within their limits: hourly, and sooner under load. A sweep that fails is logged and tried again. */
export function createRetention({ writer, clock, logger, limits }: RetentionOptions): Retention {
  let groups = 0;
  let sweeping: Promise<void> | undefined;
  let timer: Timer | undefined;

  async function sweep(): Promise<void> {
    try {
      const outcome = await writer.write(retentionStatements(clock.now(), limits));
      if (outcome.kind !== 'committed') logger.warn({ op: 'store.retention', outcome: 'refused', reason: outcome.kind });
    } catch (error) {
      logger.warn({ op: 'store.retention', outcome: 'failed' }, error);
    }
  }

  function schedule(): void {
    timer = clock.setTimer(SWEEP_EVERY_MS, () => {
      sweeping = sweep();
      schedule();
    });
  }
  schedule();

  return {
    async countGroup() {
      groups += 1;
      if (groups % SWEEP_EVERY_GROUPS === 0) await sweep();
    },
    async stop() {
      timer?.cancel();
      await sweeping;
    },
  };
}
