import { openCluster, type BatchOutcome, type Cluster, type SqlDriver, type Statement } from '@cloudless/db';
import { openSqlite } from '@cloudless/db/sqlite';
import type { Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { Draw } from './draw.ts';
import type { Incarnation } from './incarnation.ts';
import type { Plant } from './plants.ts';

/** When the coordinator dies, seen from the write that is next. */
export type CrashPoint = 'before' | 'after';

/** What the database does with requests. */
export type DatabaseMood =
  | 'serves'
  /** Refuses writes, as a disk that is full; reads go on. */
  | 'refuses'
  /** Answers nobody and does nothing. */
  | 'away'
  /** Commits, and the answer is lost. */
  | 'mute';

/** The coordinators' database: real SQLite in memory, behind a disk and a network that take time and fail. It outlives its coordinators. */
export interface Database {
  readonly driver: SqlDriver;
  /** The cluster as it was founded. */
  readonly founded: Cluster;
  /** @param isCutOff whether the network between that coordinator and the database is broken now */
  bind(life: Incarnation, isCutOff?: () => boolean): SqlDriver;
  setMood(mood: DatabaseMood): void;
  /** So much more for every request. */
  setSlow(extraMs: number): void;
  /** The answer to the next write is lost; the write happened, or it never will. */
  loseAnswer(how: 'happened' | 'never'): void;
  /** Calls `crash` around the next write. */
  crashAt(point: CrashPoint, crash: () => void): void;
  heal(): void;
}

/** A request that nobody answers is given up after so long. */
const DEADLINE_MS = 5000;
const REFUSED: BatchOutcome = { kind: 'failed', failure: { kind: 'unavailable', message: 'the disk is full' }, statement: -1 };
const NO_ANSWER: BatchOutcome = { kind: 'unknown', reason: 'the answer was lost' };

/** The planted bug: whoever writes is taken for the newest, and what it knows for the newest too. */
const withoutGuard = (statements: readonly Statement[]): readonly Statement[] =>
  statements.map((statement) => (statement.sql.includes('AND head_revision') ? { sql: 'INSERT INTO guard (ok) SELECT 1' } : statement));

export async function createDatabase(clock: Clock, draw: Draw, plant?: Plant): Promise<Database> {
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  const founded = await openCluster({ driver, clock, entropy: draw.entropy });
  const slowestMs = draw.pick([0, 1, 10, 120]);
  let mood: DatabaseMood = 'serves';
  let extraMs = 0;
  let lost: 'happened' | 'never' | undefined;
  let crash: { readonly point: CrashPoint; readonly run: () => void } | undefined;

  const delayMs = (): number => draw.between(0, slowestMs) + (extraMs === 0 ? 0 : draw.between(0, extraMs));

  function takeCrash(point: CrashPoint): void {
    if (crash?.point !== point) return;
    const { run } = crash;
    crash = undefined;
    run();
  }

  function bind(life: Incarnation, isCutOff: () => boolean = () => false): SqlDriver {
    return {
      async query(statement, options) {
        await life.clock.sleep(delayMs(), options?.signal);
        if (mood === 'away' || isCutOff()) {
          await life.clock.sleep(DEADLINE_MS, options?.signal);
          throw new CloudlessError('store_unavailable', 'The database did not answer a read.');
        }
        return life.bound(driver.query(statement, options));
      },
      async batch(statements, options) {
        await life.clock.sleep(delayMs());
        if (mood === 'away' || isCutOff()) {
          await life.clock.sleep(DEADLINE_MS);
          return NO_ANSWER;
        }
        if (mood === 'refuses') return REFUSED;
        const asked = plant === 'ignores-fencing' ? withoutGuard(statements) : statements;
        takeCrash('before');
        const loss = lost ?? (mood === 'mute' ? 'happened' : undefined);
        lost = undefined;
        const outcome = loss === 'never' || !life.isAlive ? NO_ANSWER : await driver.batch(asked, options);
        takeCrash('after');
        return life.bound(Promise.resolve(loss ? NO_ANSWER : outcome));
      },
      stop: () => Promise.resolve(),
    };
  }

  return {
    driver,
    founded,
    bind,
    setMood(next) {
      mood = next;
    },
    setSlow(next) {
      extraMs = next;
    },
    loseAnswer(how) {
      lost = how;
    },
    crashAt(point, run) {
      crash = { point, run };
    },
    heal() {
      mood = 'serves';
      extraMs = 0;
      lost = undefined;
      crash = undefined;
    },
  };
}
