import { createGuardedWriter, findCluster, toRecords, type SqlDriver } from '@cloudless/db';
import type { Clock, Entropy } from '@cloudless/kernel';
import { CloudlessError, type UserId } from '@cloudless/proto';
import { createRecovery } from './recovery.ts';

/**
 * A fresh one-time recovery code for the owner. Who may read the data folder may have it: the folder is the cluster. Takes nothing
 * over, so a coordinator that runs goes on.
 *
 * @throws CloudlessError `not_found` when there is no owner yet
 */
export async function recoverOwner({
  driver,
  clock,
  entropy,
}: {
  readonly driver: SqlDriver;
  readonly clock: Clock;
  readonly entropy: Entropy;
}): Promise<{ readonly email: string; readonly code: string }> {
  const cluster = await findCluster(driver);
  const sql =
    'SELECT u.id AS id, u.email AS email FROM "user" u JOIN member m ON m."userId" = u.id WHERE m.role = \'owner\' ORDER BY m."createdAt" LIMIT 1';
  const [owner] = cluster ? toRecords(await driver.query({ sql })) : [];
  if (!cluster || !owner)
    throw new CloudlessError('not_found', 'This cluster has no owner yet. Start it, and claim it with the code that it prints.');
  const writer = createGuardedWriter({ driver, clock, entropy, token: cluster.token });
  const code = await createRecovery({ driver, writer, clock, entropy }).add(String(owner['id']) as UserId);
  return { email: String(owner['email']), code };
}
