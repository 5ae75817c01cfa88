import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a journey needs to know of a container that Cloudless made. */
export type OwnedContainer = {
  readonly id: string;
  readonly cluster: string;
  readonly allocation: string;
  readonly workload: string;
  readonly running: boolean;
};

async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', [...args], { timeout: 30_000, maxBuffer: 8 * 2 ** 20 });
  return stdout;
}

/**
 * Every container with Cloudless' labels, running or not.
 *
 * @param engine its address; the engine that the tests use when absent
 */
export async function listContainers(engine?: string): Promise<readonly OwnedContainer[]> {
  const format =
    '{{.ID}}\t{{.State}}\t{{.Label "io.cloudless.cluster"}}\t{{.Label "io.cloudless.allocation"}}\t{{.Label "io.cloudless.workload"}}';
  const text = await docker(...hostOf(engine), 'ps', '--all', '--no-trunc', '--filter', 'label=io.cloudless.cluster', '--format', format);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', state = '', cluster = '', allocation = '', workload = ''] = line.split('\t');
      return { id, cluster, allocation, workload, running: state === 'running' };
    });
}

const hostOf = (engine: string | undefined): readonly string[] => (engine === undefined ? [] : ['--host', engine]);

/** Kills one container as a crash would. */
export const killContainer = (id: string): Promise<string> => docker('kill', '--signal', 'KILL', id);

export async function removeContainers(ids: readonly string[], engine?: string): Promise<void> {
  if (ids.length > 0) await docker(...hostOf(engine), 'rm', '--force', ...ids);
}

/** Start time and restart count as the engine has them: equal before and after means the container was not touched. */
export async function fingerprintOf(id: string, engine?: string): Promise<string> {
  return (await docker(...hostOf(engine), 'inspect', '--format', '{{.Id}} {{.State.StartedAt}} {{.State.Pid}}', id)).trim();
}

/**
 * Makes an image of a root file system in a tar archive, with no registry. As an archive of `docker save`: `docker import` of older
 * engines does not take the platform.
 */
export async function importImage(tarFile: string, name: string, platform: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-image-'));
  try {
    const layer = await readFile(tarFile);
    const [os = 'linux', architecture = 'amd64'] = platform.split('/');
    const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
    await writeFile(join(folder, 'layer.tar'), layer);
    await writeFile(
      join(folder, 'config.json'),
      JSON.stringify({ architecture, os, config: {}, rootfs: { type: 'layers', diff_ids: [diffId] } }),
    );
    await writeFile(join(folder, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }]));
    const archive = join(folder, 'image.tar');
    await run('tar', ['-C', folder, '-cf', archive, 'layer.tar', 'config.json', 'manifest.json'], { timeout: 30_000 });
    await docker('load', '--input', archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
