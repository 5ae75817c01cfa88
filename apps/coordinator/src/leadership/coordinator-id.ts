import { readFile, writeFile } from 'node:fs/promises';
import type { Entropy } from '@cloudless/kernel';
import { CloudlessError, coordinatorIdSchema, ID_PREFIX, type CoordinatorId } from '@cloudless/proto';

/**
 * The id of this coordinator among those that share a store: made once, then read.
 *
 * @throws CloudlessError `config_invalid` when the file holds something else
 */
export async function readCoordinatorId(file: string, entropy: Entropy): Promise<CoordinatorId> {
  try {
    await writeFile(file, `${entropy.id(ID_PREFIX.coordinator)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
  }
  const parsed = coordinatorIdSchema.safeParse((await readFile(file, 'utf8')).trim());
  if (parsed.success) return parsed.data;
  throw new CloudlessError('config_invalid', `${file} holds no id of a coordinator. Remove it: a new one is made.`);
}
