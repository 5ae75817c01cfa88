import { type Clock, type Entropy } from '@cloudless/kernel';
import {
  clusterIdSchema,
  CloudlessError,
  ID_PREFIX,
  orgIdSchema,
  projectIdSchema,
  type ClusterId,
  type OrgId,
  type ProjectId,
} from '@cloudless/proto';
import { toRecords, type SqlDriver, type Statement } from './sql/driver.ts';
import { failedQuery } from './sql/failures.ts';
import { guardThat } from './sql/guarded-writer.ts';
import { toIsoTime } from './sql/iso-time.ts';

/** Whose database this is, and who may write it. */
export type Cluster = {
  readonly clusterId: ClusterId;
  /** The first organisation; the claim makes its owner. */
  readonly orgId: OrgId;
  /** Its default project. */
  readonly projectId: ProjectId;
  /** Raised by a restore from backup. */
  readonly epoch: number;
  /** Fencing token: raised by every start, carried by every write and every message to an agent. */
  readonly token: number;
  readonly createdAt: number;
};

export type OpenClusterOptions = { readonly driver: SqlDriver; readonly clock: Pick<Clock, 'now'>; readonly entropy: Entropy };

const TAKEOVER_TRIES = 5;

/**
 * The cluster as it stands, without taking over: for tools beside a running coordinator, whose writes carry its token.
 *
 * @returns `undefined` before the first start
 */
export async function findCluster(driver: SqlDriver): Promise<Cluster | undefined> {
  const [row] = toRecords(await driver.query({ sql: 'SELECT id, org_id, project_id, epoch, token, created_at FROM cluster' }));
  if (!row) return undefined;
  return {
    clusterId: clusterIdSchema.parse(row['id']),
    orgId: orgIdSchema.parse(row['org_id']),
    projectId: projectIdSchema.parse(row['project_id']),
    epoch: Number(row['epoch']),
    token: Number(row['token']),
    createdAt: Number(row['created_at']),
  };
}

function foundingStatements({ clock, entropy }: OpenClusterOptions): Statement[] {
  const at = clock.now();
  const [clusterId, orgId, projectId] = [entropy.id(ID_PREFIX.cluster), entropy.id(ID_PREFIX.organization), entropy.id(ID_PREFIX.project)];
  return [
    {
      sql: 'INSERT INTO cluster (singleton, id, org_id, project_id, epoch, token, head_revision, created_at) VALUES (1, ?, ?, ?, 1, 1, 0, ?)',
      params: [clusterId, orgId, projectId, at],
    },
    { sql: 'INSERT INTO organization (id, name, slug, "createdAt") VALUES (?, ?, ?, ?)', params: [orgId, 'Home', 'home', toIsoTime(at)] },
    { sql: 'INSERT INTO project (id, org_id, name, created_at) VALUES (?, ?, ?, ?)', params: [projectId, orgId, 'default', at] },
  ];
}

/**
 * Founds the cluster if there is none yet, and leads nothing: for coordinators that share a database and then ask for the lead.
 *
 * @throws CloudlessError `store_unavailable`
 */
export async function foundCluster(options: OpenClusterOptions): Promise<Cluster> {
  const { driver, entropy } = options;
  for (let attempt = 0; attempt < TAKEOVER_TRIES; attempt += 1) {
    const found = await findCluster(driver);
    if (found) return found;
    const outcome = await driver.batch(foundingStatements(options), { id: entropy.id(ID_PREFIX.batch) });
    if (outcome.kind === 'failed' && outcome.failure.kind !== 'constraint') throw failedQuery(outcome.failure);
  }
  throw new CloudlessError(
    'store_unavailable',
    `Whether the cluster was founded could not be told in ${TAKEOVER_TRIES} tries. Start again.`,
  );
}

/**
 * Founds the cluster on the first start (with its organisation and default project), and takes over on every later one by raising
 * the token: a coordinator that still runs on this database is fenced out.
 *
 * @throws CloudlessError `store_unavailable`
 */
export async function openCluster(options: OpenClusterOptions): Promise<Cluster> {
  const { driver, entropy } = options;
  for (let attempt = 0; attempt < TAKEOVER_TRIES; attempt += 1) {
    const before = await findCluster(driver);
    const statements = before
      ? [guardThat('(SELECT token = ? FROM cluster)', [before.token]), { sql: 'UPDATE cluster SET token = ?', params: [before.token + 1] }]
      : foundingStatements(options);
    const outcome = await driver.batch(statements, { id: entropy.id(ID_PREFIX.batch) });
    if (outcome.kind === 'committed') {
      const cluster = await findCluster(driver);
      if (cluster && cluster.token === (before?.token ?? 0) + 1) return cluster;
    }
    // A constraint means that another start was faster; an unknown outcome is read by the next round, which takes over again.
    if (outcome.kind === 'failed' && outcome.failure.kind !== 'constraint') throw failedQuery(outcome.failure);
  }
  throw new CloudlessError(
    'store_unavailable',
    `Other coordinators took over this database ${TAKEOVER_TRIES} times while this one started. Run one coordinator on it.`,
  );
}
