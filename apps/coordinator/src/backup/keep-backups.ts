import type { Clock, Logger, Timer } from '@cloudless/kernel';
import { CloudlessError, isCloudlessError, saying, type BackupStatus } from '@cloudless/proto';
import { chooseStale } from './choose-stale.ts';

/** Once a day, counted from the last one that was whole. */
export const BACKUP_EVERY_MS = 24 * 3_600_000;
/** After one that failed: soon enough to matter, seldom enough to fill no log. */
const AGAIN_MS = 3_600_000;
/** A start is busy enough. */
const FIRST_MS = 60_000;
/** Copies made here that are kept. */
export const BACKUPS_KEPT = 7;

export interface BackupKeeper {
  /** What was last made, proven and missed. */
  status(): Promise<BackupStatus>;
  /**
   * Makes a copy now, beside those of each day; one at a time.
   * @throws CloudlessError `overloaded` while another is being made; why it failed
   */
  backUp(): Promise<BackupStatus>;
  stop(): Promise<void>;
}

export type BackupKeeperDeps = {
  /** Where copies go. */
  readonly folder: string;
  /** Makes one copy that is read back and found whole, under that name in the folder. @throws CloudlessError */
  readonly make: (name: string, signal: AbortSignal) => Promise<void>;
  readonly list: () => Promise<readonly string[]>;
  readonly remove: (name: string) => Promise<void>;
  /** The last copy, and the last restore, as the store remembers them. */
  readonly recall: () => Promise<Pick<BackupStatus, 'last' | 'restored'>>;
  /** Tells people how it went. */
  readonly tell: (
    outcome: { readonly kind: 'made'; readonly name: string } | { readonly kind: 'failed'; readonly message: string },
  ) => void;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** The name of a copy: names sort by time. */
const nameAt = (now: number): string => `cloudless-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.backup`;

/** Keeps copies of the cluster: one a day, the newest of them, and one whenever a person asks. */
export function startBackupKeeper(deps: BackupKeeperDeps): BackupKeeper {
  const { clock, logger, folder } = deps;
  const stopping = new AbortController();
  let failed: BackupStatus['failed'];
  let recalled: Awaited<ReturnType<BackupKeeperDeps['recall']>> | undefined;
  let making: Promise<void> | undefined;
  let timer: Timer | undefined;

  async function make(): Promise<void> {
    const name = nameAt(clock.now());
    try {
      await deps.make(name, stopping.signal);
      failed = undefined;
      deps.tell({ kind: 'made', name });
      for (const stale of chooseStale(await deps.list(), BACKUPS_KEPT)) await deps.remove(stale);
    } catch (cause) {
      if (stopping.signal.aborted) throw cause;
      const message = isCloudlessError(cause) ? cause.message : 'The backup program failed; the log of the coordinator says why.';
      failed = { at: clock.now(), cause: { code: 'backup_failed', message } };
      logger.warn({ op: 'backup.make', outcome: 'failed' }, cause);
      deps.tell({ kind: 'failed', message });
      throw cause;
    }
  }

  function begin(): Promise<void> {
    making = make().finally(() => (making = undefined));
    return making;
  }

  /** While the store is away, what it said last: nothing was made or restored without it. */
  async function recall(): Promise<NonNullable<typeof recalled>> {
    try {
      recalled = await deps.recall();
    } catch (cause) {
      if (recalled === undefined || !isCloudlessError(cause) || cause.code !== 'store_unavailable') throw cause;
    }
    return recalled;
  }

  /** Level-triggered: what is due is read from what was made, so a restart neither skips a day nor makes two. */
  async function makeWhenDue(): Promise<void> {
    const { last } = await recall();
    const dueMs = last ? last.at + BACKUP_EVERY_MS - clock.now() : 0;
    if (dueMs > 0) return plan(Math.min(dueMs, BACKUP_EVERY_MS));
    if (!making) await begin();
    plan(BACKUP_EVERY_MS);
  }

  function plan(delayMs: number): void {
    if (stopping.signal.aborted) return;
    timer?.cancel();
    timer = clock.setTimer(delayMs, () => void makeWhenDue().catch(() => plan(AGAIN_MS)));
  }
  plan(FIRST_MS);

  const status = async (): Promise<BackupStatus> => ({
    folder,
    everyMs: BACKUP_EVERY_MS,
    ...(await recall()),
    ...(failed ? { failed } : {}),
  });

  return {
    status,
    async backUp() {
      if (making) {
        throw new CloudlessError('overloaded', 'A backup is being made already. Look again in a moment.', saying('backupUnderWay', {}));
      }
      await begin();
      plan(BACKUP_EVERY_MS);
      return await status();
    },
    async stop() {
      stopping.abort(new Error('stopping'));
      timer?.cancel();
      await making?.catch(() => undefined);
    },
  };
}
