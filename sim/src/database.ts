import { openCluster, type BatchOutcome, type Cluster, type SqlDriver } from '@cloudless/db';
import { openSqlite } from '@cloudless/db/sqlite';
import type { Clock } from '@cloudless/kernel';
import type { Draw } from './draw.ts';
import type { Incarnation } from './incarnation.ts';

/** When the coordinator dies, seen from the write that is next. */
export type CrashPoint = 'before' | 'after';

/** The coordinator's database: real SQLite in memory, behind a disk that takes time and fails. It outlives the coordinator. */
export interface Database {
  readonly driver: SqlDriver;
  /** The cluster as it was founded. */
  readonly founded: Cluster;
  bind(life: Incarnation): SqlDriver;
  /** Refuses every request until it heals. */
  fail(): void;
  /** The answer to the next write is lost; the write happened, or it never will. */
  loseAnswer(how: 'happened' | 'never'): void;
  /** Calls `crash` around the next write. */
  crashAt(point: CrashPoint, crash: () => void): void;
  heal(): void;
}

const UNAVAILABLE: BatchOutcome = { kind: 'failed', failure: { kind: 'unavailable', message: 'the disk does not answer' }, statement: -1 };

export async function createDatabase(clock: Clock, draw: Draw): Promise<Database> {
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  const founded = await openCluster({ driver, clock, entropy: draw.entropy });
  const slowestMs = draw.pick([0, 1, 10, 120]);
  let isFailing = false;
  let lost: 'happened' | 'never' | undefined;
  let crash: { readonly point: CrashPoint; readonly run: () => void } | undefined;

  function takeCrash(point: CrashPoint): void {
    if (crash?.point !== point) return;
    const { run } = crash;
    crash = undefined;
    run();
  }

  function bind(life: Incarnation): SqlDriver {
    return {
      async query(statement, options) {
        await life.clock.sleep(draw.between(0, slowestMs), options?.signal);
        return life.bound(driver.query(statement, options));
      },
      async batch(statements, options) {
        await life.clock.sleep(draw.between(0, slowestMs));
        if (isFailing) return UNAVAILABLE;
        takeCrash('before');
        const loss = lost;
        lost = undefined;
        const outcome: BatchOutcome =
          loss === 'never' || !life.isAlive ? { kind: 'unknown', reason: 'the answer was lost' } : await driver.batch(statements, options);
        takeCrash('after');
        return life.bound(Promise.resolve(loss ? { kind: 'unknown', reason: 'the answer was lost' } : outcome));
      },
      stop: () => Promise.resolve(),
    };
  }

  return {
    driver,
    founded,
    bind,
    fail() {
      isFailing = true;
    },
    loseAnswer(how) {
      lost = how;
    },
    crashAt(point, run) {
      crash = { point, run };
    },
    heal() {
      isFailing = false;
      lost = undefined;
      crash = undefined;
    },
  };
}
