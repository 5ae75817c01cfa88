import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { CopyableDriver } from '@cloudless/db/copy';
import { openRqlite } from '@cloudless/db/rqlite';
import { openSqlite } from '@cloudless/db/sqlite';
import { readMasterKey } from '@cloudless/identity/ca';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { CloudlessError, isCloudlessError } from '@cloudless/proto';
import { readConfig, type CoordinatorConfig } from '../config.ts';
import { createCrashPoint, noCrash, type CrashPoint } from '../crash-points.ts';
import { dataPaths, type DataPaths } from '../data-folder.ts';
import { readVersion } from '../machine.ts';
import { openAsItIs, rqliteOptions } from '../open-database.ts';
import { sayAsTyped, STORE_FLAGS, variablesOf } from '../store-flags.ts';
import { createBackup } from './create-backup.ts';
import { moveToRqlite, undoMove, type MoveStep } from './move-to-rqlite.ts';
import { restoreBackup } from './restore-backup.ts';

/**
 * `backup`, `restore` and `move`, as `npm run backup|restore|move-to-rqlite` call them: data folder and database are those of `--data` and `--url`, else
 * of the environment, as for the coordinator.
 */
const ports = { clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger };
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const misused = (message: string): CloudlessError => new CloudlessError('config_invalid', message);

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    to: { type: 'string' },
    from: { type: 'string' },
    'with-master-key': { type: 'boolean' },
    'passphrase-file': { type: 'string' },
    undo: { type: 'boolean' },
    ...STORE_FLAGS,
  },
});

/** Relative names are those of the shell that npm was called from. */
function fileOf(name: string | undefined, flag: string): string {
  if (name === undefined) throw misused(`${flag} is not given: name a file.`);
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), name);
}

async function readPassphrase(): Promise<string | undefined> {
  if (values['passphrase-file'] === undefined) return undefined;
  const path = fileOf(values['passphrase-file'], '--passphrase-file');
  return await readFile(path, 'utf8').then(
    (text) => text.trimEnd(),
    () => {
      throw misused(`The passphrase file ${path} cannot be read.`);
    },
  );
}

/** The key that this folder has: one that were made now would open nothing. */
async function readOwnKey({ masterKey }: DataPaths): Promise<Uint8Array> {
  if (!existsSync(masterKey)) throw misused(`There is no master key at ${masterKey}. Name the data folder of a coordinator with --data.`);
  return await readMasterKey(masterKey, ports.entropy);
}

async function using<T>(driver: CopyableDriver, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await driver.stop();
  }
}

/** Of tests: none without their variables. */
const crashPointOf = ({ faults: { crashAt } }: CoordinatorConfig): CrashPoint =>
  crashAt === undefined ? noCrash : createCrashPoint(crashAt, () => process.kill(process.pid, 'SIGKILL'));

async function backup(): Promise<void> {
  const to = fileOf(values.to, '--to');
  const config = readConfig(variablesOf(values));
  const paths = dataPaths(config.dataFolder);
  const passphrase = await readPassphrase();
  const withKey = values['with-master-key'] === true;
  if (withKey !== (passphrase !== undefined))
    throw misused('--with-master-key and --passphrase-file belong together: give both or neither.');
  const key = passphrase === undefined ? undefined : { masterKey: await readOwnKey(paths), passphrase };
  const driver = await openAsItIs({ config, ...ports }, paths);
  const parts = { driver, ...ports, version: readVersion(), crashPoint: crashPointOf(config) };
  const made = await using(driver, () => createBackup({ ...parts, to, ...(key ? { withKey: key } : {}) }));
  const rows = made.tables.reduce((sum, table) => sum + table.rows, 0);
  say(`Backup ${to}: cluster ${made.clusterId}, ${rows} rows, ${made.bytes} bytes, read back and whole.`);
  if (!withKey)
    say(
      `The master key is not in it. Keep a copy of ${paths.masterKey} apart from it, readable by you alone: without it the devices have to join anew.`,
    );
}

async function restore(): Promise<void> {
  const from = fileOf(values.from, '--from');
  const { store, dataFolder } = readConfig(variablesOf(values));
  const paths = dataPaths(dataFolder);
  const passphrase = await readPassphrase();
  const into = store && (await openRqlite(await rqliteOptions(store, ports))).driver;
  const work = () => restoreBackup({ from, paths, into, passphrase, ...ports });
  const { manifest, epoch } = into ? await using(into, work) : await work();
  say(
    `Restored cluster ${manifest.clusterId} as it was at ${manifest.madeAt}, in epoch ${epoch}. Start Cloudless: its devices come back by themselves.`,
  );
}

async function move(): Promise<void> {
  const config = readConfig(variablesOf(values));
  const { store, dataFolder } = config;
  if (!store) throw misused('--url is not given: name the addresses of the rqlite cluster.');
  const paths = dataPaths(dataFolder);
  if (!existsSync(paths.database)) throw misused(`There is no cluster in ${paths.database}. Name its data folder with --data.`);
  const { driver: to } = await openRqlite(await rqliteOptions(store, ports));
  await using(to, async () => {
    const { driver: from } = await openSqlite({ path: paths.database, thread: 'inline', clock: ports.clock });
    const url = store.urls.join(',');
    const crashPoint = crashPointOf(config);
    const onStep = (step: MoveStep): void => {
      if (step === 'checked') crashPoint('move.beforeMark');
      if (step === 'marked') crashPoint('move.afterMark');
    };
    const options = { from, fromPath: paths.database, to, url, clock: ports.clock, onStep };
    const { kind, clusterId } = await using(from, () => (values.undo === true ? undoMove(options) : moveToRqlite(options)));
    if (kind === 'undone') say(`Cluster ${clusterId} is in ${paths.database} again, and gone from ${url}.`);
    else
      say(
        `Cluster ${clusterId} is in ${url}${kind === 'alreadyMoved' ? ' already' : ', counted and verified'}. Start Cloudless as before, from now on with CLOUDLESS_STORE_URL=${url}\nThe old database ${paths.database} is kept, and refuses to start.`,
      );
  });
}

const COMMANDS: Readonly<Record<string, () => Promise<void>>> = { backup, restore, move };

try {
  // The files are the owner's alone, whatever the shell says.
  process.umask(0o077);
  const command = COMMANDS[positionals[0] ?? ''];
  if (!command) throw misused('Say one of backup, restore, move.');
  await command();
} catch (error) {
  process.stderr.write(
    `${isCloudlessError(error) ? sayAsTyped(error.message, values) : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
