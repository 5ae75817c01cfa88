import { createRqliteDriver, type RqliteDriver } from '@cloudless/db/rqlite';
import { secret, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { isCloudlessError, storeUnfitSchema, type ProcedureInput, type ProcedureOutput } from '@cloudless/proto';
import type { ApiParts } from '../parts.ts';
import { toStoreNode } from './store-nodes.ts';

type Checked = ProcedureOutput<'cluster.checkStore'>;

/** A store that is there answers within this. */
const DEADLINE_MS = 5000;

/** Tables of ours without a cluster in them: a move was taken back, or never came to copying. It is taken as an empty store is. */
async function isCleared(driver: RqliteDriver, signal: AbortSignal): Promise<boolean> {
  const { rows: made } = await driver.query(
    { sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('migration', 'cluster', 'incoming')" },
    { signal },
  );
  if (made.length < 3) return false;
  const { rows } = await driver.query({ sql: 'SELECT 1 FROM cluster UNION ALL SELECT 1 FROM incoming' }, { signal });
  return rows.length === 0;
}

async function judge(driver: RqliteDriver, signal: AbortSignal): Promise<Checked> {
  const nodes = (await driver.nodes(signal)).map(toStoreNode);
  const refuse = (reason: NonNullable<Checked['reason']>, message: string): Checked => ({ fit: false, reason, message, nodes });
  if (!nodes.some(({ role }) => role === 'leader'))
    return refuse('noLeader', 'Its nodes have no leader: start more than half of them, and join them to each other.');
  const { rows } = await driver.query(
    { sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name LIMIT 5" },
    { signal },
  );
  if (rows.length > 0 && !(await isCleared(driver, signal)))
    return refuse('notEmpty', `It holds tables already (${rows.map(([name]) => String(name)).join(', ')}). Take a store that is empty.`);
  return { fit: true, nodes };
}

/** Looks whether an rqlite cluster could take this cluster's state: reached, led, empty. Writes nothing. */
export const checkStore =
  (parts: { readonly clock: Clock; readonly entropy: Entropy; readonly logger: Logger }): ApiParts['checkStore'] =>
  async ({ url, username, password }: ProcedureInput<'cluster.checkStore'>, signal) => {
    const auth = username === undefined ? {} : { auth: { username, password: secret(password ?? '') } };
    const driver = createRqliteDriver({ ...parts, ...auth, urls: [url], deadlineMs: DEADLINE_MS, leaderWaitMs: DEADLINE_MS });
    try {
      return await judge(driver, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const reason = storeUnfitSchema.catch('unreachable').parse(isCloudlessError(cause) ? cause.params['why'] : undefined);
      return { fit: false, reason, message: cause instanceof Error ? cause.message : String(cause), nodes: [] };
    } finally {
      await driver.stop();
    }
  };
