import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCluster } from '@cloudless/db';
import { createRqliteDouble, type RqliteDoubleOptions } from '@cloudless/db/testing';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { createCoordinator } from './coordinator.ts';
import { makeDataFolders } from './data-folder.ts';
import { openAsItIs, openDatabase, rememberCluster } from './open-database.ts';

const ports = { clock: createRealClock(), entropy: createRealEntropy(), logger: nullLogger };

/** A data folder beside an rqlite cluster (the double), and how a coordinator would open its database. */
async function createPlace(options: Partial<RqliteDoubleOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-database-'));
  const paths = await makeDataFolders(folder);
  const double = await createRqliteDouble({ nodes: 1, ...options });
  const urls = double.nodes.map(({ url }) => url).join(',');
  const open = (more: Record<string, string>) =>
    openDatabase({ config: parseConfig({ CLOUDLESS_DATA: folder, ...more }), ...ports }, paths);
  /** Founds the cluster of the database that the configuration names, as a first start does. */
  const found = async (more: Record<string, string>): Promise<string> => {
    const { driver } = await open(more);
    const { clusterId } = await openCluster({ driver, ...ports });
    await driver.stop();
    return clusterId;
  };
  const messageOf = async (more: Record<string, string>): Promise<string> =>
    await open(more).then(
      async ({ driver }) => {
        await driver.stop();
        return 'it opened';
      },
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  return {
    folder,
    paths,
    double,
    urls,
    open,
    found,
    messageOf,
    on: { CLOUDLESS_STORE_URL: urls },
    async [Symbol.asyncDispose]() {
      await double[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

it('a command beside a coordinator says of a database without tables that it holds no cluster', async () => {
  await using place = await createPlace();
  const config = parseConfig({ CLOUDLESS_DATA: place.folder, ...place.on });
  await expect(openAsItIs({ config, ...ports }, place.paths)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining(`There is no cluster in ${place.urls}`) as string,
  });
});

describe('the database of a coordinator', () => {
  it('is never founded anew in the folder of a cluster whose address was lost', async () => {
    await using place = await createPlace();
    const clusterId = await place.found(place.on);
    await rememberCluster(place.paths, clusterId);
    expect(await place.messageOf({})).toContain(`belongs to cluster ${clusterId}, which lies in rqlite`);
    expect(await place.messageOf(place.on)).toBe('it opened');
  });

  it('is not founded anew either where a file without a cluster lies in that folder', async () => {
    await using place = await createPlace();
    // As a start that was interrupted before it founded anything leaves it.
    const { driver } = await place.open({});
    await driver.stop();
    const clusterId = await place.found(place.on);
    await rememberCluster(place.paths, clusterId);
    expect(await place.messageOf({})).toContain(`belongs to cluster ${clusterId}, which lies in rqlite`);
    await writeFile(place.paths.database, '');
    expect(await place.messageOf({})).toContain(`belongs to cluster ${clusterId}, which lies in rqlite`);
  });

  it('is an rqlite cluster where the configuration names one, with this release’s schema', async () => {
    await using place = await createPlace({ nodes: 3 });
    const { driver, rqlite, state } = await place.open(place.on);
    expect(rqlite).toBeDefined();
    expect(state).toEqual({ kind: 'empty' });
    await driver.stop();
  });

  it('serves a whole coordinator, which tells its nodes', async () => {
    await using place = await createPlace({ nodes: 3 });
    const config = parseConfig({ CLOUDLESS_DATA: place.folder, CLOUDLESS_PORT: '0', ...place.on });
    const options = { config, ...ports, machine: () => ({ hostname: 'attic', addresses: [] }), version: '9.9.9' };
    const coordinator = await createCoordinator(options);
    expect(coordinator.isClaimed()).toBe(false);
    await coordinator.stop();
    const again = await createCoordinator(options);
    await again.stop();
  });

  it.each([
    ['of nobody', { CLOUDLESS_STORE_URL: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1 cannot be reached'],
    [
      'of a file that is not there',
      { CLOUDLESS_STORE_USER: 'a', CLOUDLESS_STORE_PASSWORD_FILE: '/nowhere/password' },
      'CLOUDLESS_STORE_PASSWORD_FILE cannot be read',
    ],
    [
      'with a wrong password',
      { CLOUDLESS_STORE_USER: 'cloudless', CLOUDLESS_STORE_PASSWORD: 'hunter2' },
      'refused the user name or password',
    ],
  ])('%s is refused in one line, without a secret', async (_what, more, said) => {
    await using place = await createPlace({ auth: { username: 'cloudless', password: 'right' } });
    const message = await place.messageOf({ ...place.on, ...more });
    expect(message).toContain(said);
    expect(message.split('\n')).toHaveLength(1);
    expect(message).not.toContain('hunter2');
  });

  it('is reached with the password of a file', async () => {
    await using place = await createPlace({ auth: { username: 'cloudless', password: 'right' } });
    const file = join(place.folder, 'password');
    await writeFile(file, 'right\n');
    expect(await place.messageOf({ ...place.on, CLOUDLESS_STORE_USER: 'cloudless', CLOUDLESS_STORE_PASSWORD_FILE: file })).toBe(
      'it opened',
    );
  });

  it('is not changed under a data folder that holds a cluster of its own', async () => {
    await using place = await createPlace();
    const clusterId = await place.found({});
    expect(await place.messageOf(place.on)).toContain(`holds cluster ${clusterId}. Move it with`);
  });

  it('of another cluster than the data folder’s is refused', async () => {
    await using place = await createPlace();
    const theirs = await place.found(place.on);
    await rememberCluster(place.paths, 'cluster_of_this_folder');
    expect(await place.messageOf(place.on)).toContain(
      `belongs to cluster cluster_of_this_folder, and ${place.urls} holds cluster ${theirs}`,
    );
    await rememberCluster(place.paths, theirs);
    expect(await place.messageOf(place.on)).toBe('it opened');
  });

  it('is not founded where the data folder’s cluster should be: after a move that was interrupted, or at a wrong address', async () => {
    await using place = await createPlace();
    const clusterId = await place.found({});
    const { driver } = await place.open({});
    await driver.batch([{ sql: 'UPDATE cluster SET moved_to = ?', params: [place.urls] }], { id: 'moved' });
    await driver.stop();
    expect(await place.messageOf(place.on)).toBe(
      `${place.urls} is empty: the move of cluster ${clusterId} there was interrupted. Run \`npm run move-to-rqlite\` again, or take it back with --undo.`,
    );
    await using other = await createPlace();
    await rememberCluster(other.paths, 'cluster_of_this_folder');
    expect(await other.messageOf(other.on)).toContain(`belongs to cluster cluster_of_this_folder, and ${other.urls} is empty`);
  });

  it('that was moved away, or holds half a copy, or asks for a newer release is refused', async () => {
    await using place = await createPlace();
    await place.found(place.on);
    const { driver } = await place.open(place.on);
    await driver.batch([{ sql: "UPDATE cluster SET moved_to = 'http://there:4001'" }], { id: 'moved' });
    expect(await place.messageOf(place.on)).toContain('was moved to http://there:4001');
    await driver.batch([{ sql: "INSERT INTO incoming (singleton, cluster_id, source, started_at) VALUES (1, 'cluster_a', 'a file', 1)" }], {
      id: 'half',
    });
    expect(await place.messageOf(place.on)).toContain('unfinished copy of cluster cluster_a (from a file)');
    const newer = "INSERT INTO migration (version, name, checksum, at, min_reader) VALUES (9999, 'later', 'x', 1, 9999)";
    await driver.batch([{ sql: newer }], { id: 'newer' });
    expect(await place.messageOf(place.on)).toContain('Start a newer release');
    await driver.stop();
  });

  it('that waits for a copy takes no new cluster', async () => {
    await using place = await createPlace();
    const { driver } = await place.open(place.on);
    await driver.batch([{ sql: "INSERT INTO incoming (singleton, cluster_id, source, started_at) VALUES (1, 'cluster_a', 'a file', 1)" }], {
      id: 'half',
    });
    await expect(openCluster({ driver, ...ports })).rejects.toThrow('a copy of a cluster is being written');
    await driver.stop();
  });
});
