import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudlessError } from '@cloudless/proto';

/** Where the coordinator keeps what, under the data folder. */
export type DataPaths = {
  readonly coordinator: string;
  readonly database: string;
  readonly masterKey: string;
  readonly claimCode: string;
  /** This coordinator's id among those that share a store. */
  readonly coordinatorId: string;
  /** Whose folder it is, where the database is not in it. */
  readonly clusterId: string;
  /** What people install to trust the dashboard. */
  readonly webAuthority: string;
  /** Copies of the cluster, made here. */
  readonly backups: string;
  /** Left for the agent on this machine. */
  readonly joinToken: string;
};

export function dataPaths(dataFolder: string): DataPaths {
  const coordinator = join(dataFolder, 'coordinator');
  return {
    coordinator,
    database: join(coordinator, 'cloudless.db'),
    masterKey: join(coordinator, 'master.key'),
    clusterId: join(coordinator, 'cluster-id'),
    claimCode: join(coordinator, 'claim-code'),
    coordinatorId: join(coordinator, 'id'),
    webAuthority: join(coordinator, 'web-ca', 'ca.pem'),
    backups: join(dataFolder, 'backups'),
    joinToken: join(dataFolder, 'agent', 'join-token'),
  };
}

/**
 * Makes the folders, for their owner alone.
 *
 * @throws CloudlessError `config_invalid` when one cannot be made
 */
export async function makeDataFolders(dataFolder: string): Promise<DataPaths> {
  const paths = dataPaths(dataFolder);
  for (const folder of [dataFolder, paths.coordinator, join(paths.coordinator, 'web-ca'), join(dataFolder, 'agent')]) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new CloudlessError(
        'config_invalid',
        `The folder ${folder} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}. Choose another with CLOUDLESS_DATA.`,
        { cause },
      );
    }
  }
  return paths;
}

/** Whose folder it is; `undefined` where nothing was remembered. */
export const readClusterId = ({ clusterId }: Pick<DataPaths, 'clusterId'>): Promise<string | undefined> =>
  readFile(clusterId, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
