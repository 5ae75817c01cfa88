import type { Clock, Logger, Timer } from '@cloudless/kernel';
import { retentionStatements, type RetentionLimits } from '../retention.ts';
import type { SqlDriver } from '../sql/driver.ts';
import type { GuardedWriter } from '../sql/guarded-writer.ts';
import { readTableSizes } from '../table-sizes.ts';

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
  readonly driver: SqlDriver;
};

const SWEEP_EVERY_GROUPS = 256;
const SWEEP_EVERY_MS = 3_600_000;

/** Keeps growing tables within their limits, and tells once of one that is larger than they explain: hourly, and sooner under load. A sweep that fails is logged and tried again. */
export function createRetention({ writer, clock, logger, limits, driver }: RetentionOptions): Retention {
  let groups = 0;
  let sweeping: Promise<void> | undefined;
  let timer: Timer | undefined;

  /** Told of, and not yet back within their size. */
  const large = new Set<string>();

  async function watchSizes(): Promise<void> {
    for (const { table, rows, alarm } of await readTableSizes(driver, limits.alarms)) {
      if (rows <= alarm) large.delete(table);
      else if (!large.has(table)) {
        large.add(table);
        logger.warn({ op: 'store.tableLarge', outcome: 'failed', table, rows, alarm });
      }
    }
  }

  async function sweep(): Promise<void> {
    try {
      const outcome = await writer.write(retentionStatements(clock.now(), limits));
      if (outcome.kind !== 'committed') logger.warn({ op: 'store.retention', outcome: 'refused', reason: outcome.kind });
      await watchSizes();
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
