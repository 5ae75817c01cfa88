import type { Clock, Logger, Timer } from '@cloudless/kernel';
import { retentionStatements, type RetentionLimits } from '../retention.ts';
import type { SqlDriver } from '../sql/driver.ts';
import type { GuardedWriter } from '../sql/guarded-writer.ts';
import { readTableSizes, type TableSize } from '../table-sizes.ts';

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
  readonly onLarge: (size: TableSize) => void;
};

const SWEEP_EVERY_GROUPS = 256;
const SWEEP_EVERY_MS = 3_600_000;
/** Of an alarm: a table that stays near it is told of once. */
const WELL_BELOW = 0.9;

/** Keeps growing tables within their limits, and tells once of one that is larger than they explain: hourly, and sooner under load. A sweep that fails is logged and tried again. */
export function createRetention({ writer, clock, logger, limits, driver, onLarge }: RetentionOptions): Retention {
  let groups = 0;
  let sweeping: Promise<void> | undefined;
  let timer: Timer | undefined;

  /** Told of, and not yet well below their alarm again. */
  const large = new Set<string>();

  async function watchSizes(): Promise<void> {
    for (const size of await readTableSizes(driver, limits.alarms)) {
      const { table, rows, alarm } = size;
      if (rows <= alarm * WELL_BELOW) large.delete(table);
      if (rows <= alarm || large.has(table)) continue;
      large.add(table);
      logger.warn({ op: 'store.tableLarge', outcome: 'failed', table, rows, alarm });
      onLarge(size);
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
