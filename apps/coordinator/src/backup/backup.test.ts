import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCluster, openCluster } from '@cloudless/db';
import { describe, expect, it } from 'vitest';
import { dataPaths } from '../data-folder.ts';
import { createBackup } from './create-backup.ts';
import { restoreBackup, type RestoreOptions } from './restore-backup.ts';
import { createFolder, createRqlite, foundCluster, openEmbedded, ports, readCluster, type Folder } from './testing/create-places.ts';

const PASSPHRASE = 'twelve long words or so';

/** A cluster in SQLite and a backup of it beside, with its key sealed unless `withKey` is false. */
async function createBackedUp({ withKey = true }: { readonly withKey?: boolean } = {}) {
  const folder = await createFolder();
  const cluster = await foundCluster(folder);
  const driver = await openEmbedded(folder);
  const contents = await readCluster(driver);
  const file = join(folder.root, 'home.backup');
  const masterKey = new Uint8Array(Buffer.from(readFileSync(folder.paths.masterKey, 'utf8').trim(), 'base64'));
  const manifest = await createBackup({
    driver,
    ...ports,
    version: '9.9.9',
    to: file,
    ...(withKey ? { withKey: { masterKey, passphrase: PASSPHRASE } } : {}),
  });
  await driver.stop();
  return { folder, file, cluster, manifest, contents, masterKey, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const restore = (from: string, { paths }: Folder, more: Partial<RestoreOptions> = {}) =>
  restoreBackup({ from, paths, into: undefined, passphrase: PASSPHRASE, ...ports, ...more });
const messageOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'it worked',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

describe('a backup', () => {
  it('is one file, its owner’s alone, whose secrets are sealed or left out', async () => {
    await using made = await createBackedUp();
    expect(statSync(made.file).mode & 0o777).toBe(0o600);
    expect(made.manifest).toMatchObject({ clusterId: made.cluster.clusterId, headRevision: 40, epoch: 1, version: '9.9.9' });
    expect(made.manifest.tables.find(({ name }) => name === 'node')?.rows).toBe(40);
    expect(readFileSync(made.file).includes(Buffer.from(made.masterKey).toString('base64'))).toBe(false);
    expect(readdirSync(made.folder.root).filter((name) => name.includes('partial'))).toEqual([]);
    await using bare = await createBackedUp({ withKey: false });
    expect(bare.manifest.masterKey).toBeUndefined();
  });

  it('never replaces a file, and leaves nothing behind when it fails', async () => {
    await using made = await createBackedUp();
    const driver = await openEmbedded(made.folder);
    expect(await messageOf(createBackup({ driver, ...ports, version: '9', to: made.file }))).toContain('exists already');
    const nowhere = join(made.folder.root, 'nowhere', 'home.backup');
    expect(await messageOf(createBackup({ driver, ...ports, version: '9', to: nowhere }))).toContain(
      `there is no folder ${join(made.folder.root, 'nowhere')}`,
    );
    const below = join(made.file, 'home.backup');
    expect(await messageOf(createBackup({ driver, ...ports, version: '9', to: below }))).toContain(`there is no folder ${made.file}`);
    const sealed = { to: join(made.folder.root, 'sealed.backup'), withKey: { masterKey: made.masterKey, passphrase: 'short' } };
    expect(await messageOf(createBackup({ driver, ...ports, version: '9', ...sealed }))).toContain('fewer than 12 characters');
    const foreign = { ...sealed, withKey: { masterKey: new Uint8Array(32), passphrase: PASSPHRASE } };
    expect(await messageOf(createBackup({ driver, ...ports, version: '9', ...foreign }))).toContain(
      'cannot be opened with this master key',
    );
    await using empty = await createRqlite();
    expect(await messageOf(createBackup({ driver: empty.driver, ...ports, version: '9', to: sealed.to }))).toContain(
      'There is no cluster to back up',
    );
    expect(readdirSync(made.folder.root).filter((name) => name.startsWith('sealed'))).toEqual([]);
    await driver.stop();
  });

  it.runIf(process.platform === 'linux')(
    'that cannot be written where it should lie says so, and does not blame the database',
    async () => {
      await using made = await createBackedUp();
      const driver = await openEmbedded(made.folder);
      const to = '/proc/self/home.backup';
      expect(await messageOf(createBackup({ driver, ...ports, version: '9', to }))).toContain(`The backup ${to} cannot be written: `);
      await driver.stop();
    },
  );

  it('goes back into an empty data folder as it was, with a raised epoch and its key', async () => {
    await using made = await createBackedUp();
    await using there = await createFolder();
    const { epoch } = await restore(made.file, there);
    const driver = await openEmbedded(there);
    expect(await readCluster(driver)).toEqual(made.contents);
    const cluster = await openCluster({ driver, ...ports });
    expect(cluster).toMatchObject({ clusterId: made.cluster.clusterId, epoch });
    expect(epoch).toBeGreaterThan(made.cluster.epoch);
    expect(readFileSync(there.paths.masterKey)).toEqual(readFileSync(made.folder.paths.masterKey));
    expect(statSync(there.paths.masterKey).mode & 0o777).toBe(0o600);
    await driver.stop();
  });

  it('raises the epoch beyond that of an earlier restore of the same file', async () => {
    await using made = await createBackedUp();
    await using first = await createFolder();
    await using second = await createFolder();
    const later = { ...ports.clock, now: () => ports.clock.now() + 1000 };
    const before = await restore(made.file, first);
    expect((await restore(made.file, second, { clock: later })).epoch).toBeGreaterThan(before.epoch);
  });

  it('of an rqlite cluster goes into an empty one, and from SQLite into rqlite and back', async () => {
    await using made = await createBackedUp();
    await using rqlite = await createRqlite();
    await using keys = await createFolder();
    await restore(made.file, keys, { into: rqlite.driver });
    expect(await readCluster(rqlite.driver)).toEqual(made.contents);
    const second = join(keys.root, 'second.backup');
    await createBackup({ driver: rqlite.driver, ...ports, version: '9.9.9', to: second });
    await using home = await createFolder();
    writeFileSync(home.paths.masterKey, readFileSync(made.folder.paths.masterKey));
    await restore(second, home, { passphrase: undefined });
    const driver = await openEmbedded(home);
    expect(await readCluster(driver)).toEqual(made.contents);
    await driver.stop();
  });
});

describe('a restore refuses in one line, and starts nothing', () => {
  const refused = async (file: string, folder: Folder, more: Partial<RestoreOptions>, said: string): Promise<void> => {
    const message = await messageOf(restore(file, folder, more));
    expect(message).toContain(said);
    expect(message.split('\n')).toHaveLength(1);
    expect(existsSync(folder.paths.database)).toBe(false);
    expect(readdirSync(folder.paths.coordinator).filter((name) => name.includes('partial'))).toEqual([]);
  };

  it('half a file, another file, and a file that was changed', async () => {
    await using made = await createBackedUp();
    await using there = await createFolder();
    const whole = readFileSync(made.file);
    const changed = Buffer.from(whole);
    changed[whole.length - 100] = (changed[whole.length - 100] ?? 0) ^ 1;
    writeFileSync(made.file, changed);
    await refused(made.file, there, {}, 'not those that were written');
    writeFileSync(made.file, whole);
    truncateSync(made.file, whole.length - 4096);
    await refused(made.file, there, {}, `it holds ${made.manifest.bytes - 4096} of ${made.manifest.bytes} bytes`);
    truncateSync(made.file, 200);
    await refused(made.file, there, {}, 'ends within its manifest');
    writeFileSync(made.file, 'SQLite format 3');
    await refused(made.file, there, {}, 'its first line is not that of a backup');
    await refused(join(there.root, 'nothing'), there, {}, 'There is no backup');
    await refused(there.root, there, {}, `The backup ${there.root} cannot be restored`);
  });

  it('a newer schema', async () => {
    await using made = await createBackedUp();
    await using there = await createFolder();
    const text = readFileSync(made.file)
      .toString('latin1')
      .replace(/"schemaVersion":\d+/, '"schemaVersion":9999');
    writeFileSync(made.file, Buffer.from(text, 'latin1'));
    await refused(made.file, there, {}, 'The backup has schema 9999');
  });

  it('a clock that is before the backup: a second restore would have no later epoch', async () => {
    await using made = await createBackedUp();
    await using there = await createFolder();
    const behind = (ms: number) => ({ clock: { ...ports.clock, now: () => Date.parse(made.manifest.madeAt) - ms } });
    await refused(made.file, there, behind(3_600_000), 'Set the clock, then restore');
    expect(await messageOf(restore(made.file, there, behind(60_000)))).toBe('it worked');
  });

  it('a wrong passphrase, a missing one, a missing key, and the key of another cluster', async () => {
    await using made = await createBackedUp();
    await using bare = await createBackedUp({ withKey: false });
    await using there = await createFolder();
    await refused(made.file, there, { passphrase: 'another passphrase' }, 'does not open the master key');
    await refused(made.file, there, { passphrase: 'short' }, 'does not open the master key');
    await refused(made.file, there, { passphrase: undefined }, 'name the file of its passphrase');
    await refused(bare.file, there, { passphrase: undefined }, 'put the master.key of that cluster');
    writeFileSync(there.paths.masterKey, readFileSync(made.folder.paths.masterKey));
    await refused(bare.file, there, { passphrase: undefined }, 'cannot be opened with this master key');
    writeFileSync(there.paths.masterKey, readFileSync(bare.folder.paths.masterKey));
    await refused(made.file, there, {}, 'is another cluster');
  });

  it('into a folder that was not there, and leaves neither it nor a key behind', async () => {
    await using made = await createBackedUp();
    const root = join(made.folder.root, 'deep', 'new');
    const there = { ...made.folder, root, paths: dataPaths(root) };
    expect(await messageOf(restore(made.file, there, { passphrase: 'another passphrase' }))).toContain('does not open');
    expect(existsSync(join(made.folder.root, 'deep'))).toBe(false);
    await using rqlite = await createRqlite();
    await openCluster({ driver: rqlite.driver, ...ports });
    expect(await messageOf(restore(made.file, there, { into: rqlite.driver }))).toContain('already');
    expect(existsSync(join(made.folder.root, 'deep'))).toBe(false);
    await restore(made.file, there);
    expect(readdirSync(there.paths.coordinator).toSorted()).toEqual(['cloudless.db', 'master.key']);
    expect(statSync(root).mode & 0o777).toBe(0o700);
  });

  it('a place where a database was removed and its log was left, which SQLite would apply to the new one', async () => {
    await using made = await createBackedUp();
    await using there = await createFolder();
    writeFileSync(`${there.paths.database}-wal`, 'what was not checkpointed');
    await refused(made.file, there, {}, `${there.paths.database}-wal was left by a database that is gone`);
    expect(existsSync(there.paths.masterKey)).toBe(false);
  });

  it('a place where a cluster lives', async () => {
    await using made = await createBackedUp();
    expect(await messageOf(restore(made.file, made.folder))).toContain('a cluster lives there');
    await using rqlite = await createRqlite();
    const { clusterId } = await openCluster({ driver: rqlite.driver, ...ports });
    await using keys = await createFolder();
    await refused(made.file, keys, { into: rqlite.driver }, `holds cluster ${clusterId} already`);
    expect((await findCluster(rqlite.driver))?.clusterId).toBe(clusterId);
  });
});
