import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;

/**
 * The Docker context in use and its address, as `docker context` keeps them: `config.json` names it, and its metadata lies in a
 * folder named by the SHA-256 of the name.
 */
export function findDockerContext(
  homeFolder: string,
  env: Readonly<Record<string, string | undefined>>,
): { name: string; address: string } | undefined {
  const folder = env['DOCKER_CONFIG'] ?? join(homeFolder, '.docker');
  const name = env['DOCKER_CONTEXT'] ?? field(readJson(join(folder, 'config.json')), 'currentContext');
  if (typeof name !== 'string' || name === '' || name === 'default') return undefined;
  const hash = createHash('sha256').update(name).digest('hex');
  const meta = readJson(join(folder, 'contexts', 'meta', hash, 'meta.json'));
  const address = field(field(field(meta, 'Endpoints'), 'docker'), 'Host');
  return typeof address === 'string' && address !== '' ? { name, address } : undefined;
}
