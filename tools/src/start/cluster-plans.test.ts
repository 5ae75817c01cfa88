import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTemporaryFolder } from '../programs/temporary-folder.ts';
import { clusterPorts, coordinatorUrls, judgeClusterPorts, planCoordinators, planStore } from './cluster-plans.ts';
import { findRqlited } from './find-program.ts';

const surroundings = { root: '/data', port: 7600, storePort: 4001, webPort: 3000, rqlited: '/bin/rqlited' };

describe('the plan of a cluster', () => {
  it('gives every member ports and a folder of its own', () => {
    const ports = clusterPorts(surroundings).map(({ port }) => port);
    expect(new Set(ports).size).toBe(ports.length);
    expect(clusterPorts(surroundings).find(({ port }) => port === 4003)?.flag).toBe('--store-port');
    const folders = planCoordinators(surroundings).flatMap(({ env }) => env['CLOUDLESS_DATA'] ?? []);
    expect(new Set(folders).size).toBe(3);
    expect(new Set(planStore(surroundings).map(({ argv }) => argv.at(-1))).size).toBe(3);
  });

  it('tells each coordinator all nodes of the store, and where the others reach it', () => {
    const coordinators = planCoordinators(surroundings).filter(({ name }) => name.startsWith('coordinator'));
    expect(coordinators.map(({ env }) => env['CLOUDLESS_COORDINATOR_URL'])).toEqual(coordinatorUrls(surroundings));
    for (const { env } of coordinators)
      expect(env['CLOUDLESS_STORE_URL']).toBe('http://127.0.0.1:4001,http://127.0.0.1:4003,http://127.0.0.1:4005');
  });
});

it.each([
  [7600, 7598, 'a coordinator and the store would both have port 7600'],
  [7699, 4001, '--port needs port 7700 as well: --port 7700 is one of the ports of apps'],
  [7600, 65_532, '--store-port needs port 65536 as well'],
])('ports %i and %i that cannot be had together are refused before anything starts', (port, storePort, said) => {
  expect(judgeClusterPorts(clusterPorts({ port, storePort }))?.problem).toContain(said);
  expect(judgeClusterPorts(clusterPorts(surroundings))).toBeUndefined();
});

describe('rqlited', () => {
  it('is what RQLITED names, else what is on PATH, if it can be run', () => {
    using folder = createTemporaryFolder('rqlited');
    const file = join(folder.path, 'rqlited');
    writeFileSync(file, '');
    expect(findRqlited({ PATH: folder.path })).toEqual({ kind: 'none', named: undefined });
    chmodSync(file, 0o700);
    const found = { kind: 'found', path: file };
    expect(findRqlited({ PATH: folder.path })).toEqual(found);
    expect(findRqlited({ RQLITED: '', PATH: folder.path })).toEqual(found);
    expect(findRqlited({ RQLITED: file, PATH: '' })).toEqual(found);
  });

  it('is none when RQLITED names no program, even with one on PATH', () => {
    using folder = createTemporaryFolder('rqlited');
    writeFileSync(join(folder.path, 'rqlited'), '', { mode: 0o700 });
    for (const named of [join(folder.path, 'none'), folder.path])
      expect(findRqlited({ RQLITED: named, PATH: folder.path })).toEqual({ kind: 'none', named });
  });
});
