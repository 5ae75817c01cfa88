import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Mutation, SqlDriver } from '@cloudless/db';
import { CloudlessError, ID_PREFIX, type BackupStatus, type BatchId, type EventId } from '@cloudless/proto';
import { z } from 'zod';
import type { Ground } from '../ground.ts';
import { LAST_BACKUP } from './create-backup.ts';
import { startBackupKeeper, type BackupKeeper, type BackupKeeperDeps } from './keep-backups.ts';
import { LAST_RESTORE } from './restore-backup.ts';

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));
/** A copy that takes longer is given up. */
const DEADLINE_MS = 30 * 60_000;

const instant = z.int().min(0);
const backupSchema = z.object({ at: instant, file: z.string(), bytes: z.number(), headRevision: z.int() });
const restoreSchema = z.object({ at: instant, file: z.string(), madeAt: z.iso.datetime() });

/** What the programs left in the store. A value of another release is none. */
async function recall(driver: SqlDriver, orgId: string): Promise<Pick<BackupStatus, 'last' | 'restored'>> {
  const { rows } = await driver.query({
    sql: 'SELECT name, value FROM setting WHERE org_id = ? AND name IN (?, ?)',
    params: [orgId, LAST_BACKUP, LAST_RESTORE],
  });
  const found = new Map(rows.map(([name, value]) => [String(name), JSON.parse(String(value)) as unknown]));
  const backup = backupSchema.safeParse(found.get(LAST_BACKUP)).data;
  const restore = restoreSchema.safeParse(found.get(LAST_RESTORE)).data;
  return {
    ...(backup ? { last: { at: backup.at, file: backup.file, bytes: backup.bytes, revision: backup.headRevision } } : {}),
    ...(restore ? { restored: { at: restore.at, file: restore.file, madeAt: Date.parse(restore.madeAt) } } : {}),
  };
}

/** A process of its own: copying and hashing a large database must not hold up anybody here. */
async function runProgram(folder: string, name: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await promisify(execFile)(process.execPath, [PROGRAM, 'backup', '--to', join(folder, name)], { signal, timeout: DEADLINE_MS });
  } catch (cause) {
    signal.throwIfAborted();
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw new CloudlessError('store_unavailable', said === '' ? `The backup program ended early and wrote nothing in ${folder}.` : said, {
      cause,
    });
  }
}

function eventOf({ clock, entropy, cluster }: Ground, outcome: Parameters<BackupKeeperDeps['tell']>[0]): Mutation {
  const told =
    outcome.kind === 'made'
      ? ({
          kind: 'cluster.backedUp',
          severity: 'info',
          params: { file: outcome.name },
          message: `A backup was made: ${outcome.name}`,
        } as const)
      : ({
          kind: 'cluster.backupFailed',
          severity: 'error',
          params: { cause: outcome.message },
          message: `No backup could be made: ${outcome.message}`,
        } as const);
  return {
    kind: 'event',
    event: {
      id: entropy.id(ID_PREFIX.event) as EventId,
      at: clock.now(),
      orgId: cluster.orgId,
      actor: { kind: 'system', name: 'coordinator' },
      ...told,
    },
  };
}

/** The backups of this coordinator, in its data folder. */
export function openBackups(ground: Ground): BackupKeeper {
  const { paths, driver, cluster, store, entropy, clock, logger } = ground;
  const folder = paths.backups;
  return startBackupKeeper({
    folder,
    make: (name, signal) => runProgram(folder, name, signal),
    list: () => readdir(folder),
    remove: (name) => rm(join(folder, name), { force: true }),
    recall: () => recall(driver, cluster.orgId),
    tell(outcome) {
      store
        .commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations: [eventOf(ground, outcome)] })
        .catch((cause: unknown) => logger.warn({ op: 'backup.tell', outcome: 'failed' }, cause));
    },
    clock,
    logger,
  });
}
