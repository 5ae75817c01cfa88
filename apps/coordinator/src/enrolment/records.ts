import { guardThat, toRecords, type GuardedWriter, type SqlDriver, type SqlValue, type Statement } from '@cloudless/db';
import {
  CloudlessError,
  joinTokenIdSchema,
  labelsSchema,
  lendingRuleSchema,
  orgIdSchema,
  saying,
  userIdSchema,
  readStored,
  type JoinTokenId,
  type LendingRule,
  type NodeId,
  type OrgId,
  type UserId,
} from '@cloudless/proto';
import { putSetting } from '../put-setting.ts';

export type JoinTokenRow = {
  readonly id: JoinTokenId;
  readonly orgId: OrgId;
  readonly ownerUserId?: UserId | undefined;
  readonly secretHash: Uint8Array;
  /** Name that the device gets; its own proposal when absent. */
  readonly name?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly lending?: LendingRule | undefined;
  /** A person has to approve the device that comes. */
  readonly approval: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt?: number | undefined;
  readonly cancelledAt?: number | undefined;
};

export type StoredAuthority = {
  readonly id: string;
  readonly certificate: string;
  readonly wrappedPrivateKey: Uint8Array;
  readonly notAfter: number;
};

/** What enrolment keeps in the database. */
export interface EnrolmentRecords {
  insertJoinToken(row: JoinTokenRow): Promise<void>;
  findJoinToken(id: JoinTokenId): Promise<JoinTokenRow | undefined>;
  /** Of several that try at once, exactly one hears `true`. */
  useJoinToken(id: JoinTokenId, nodeId: NodeId, now: number): Promise<boolean>;
  /** Refused from now on; nothing when it was used already. */
  cancelJoinToken(id: JoinTokenId, now: number): Promise<void>;
  /** Offers that stand, as after a restart. */
  listOpenJoinTokens(now: number): Promise<readonly JoinTokenRow[]>;
  findDeviceAuthority(): Promise<StoredAuthority | undefined>;
  insertDeviceAuthority(authority: StoredAuthority, now: number): Promise<void>;
  findSetting(orgId: OrgId, name: string): Promise<string | undefined>;
  putSetting(orgId: OrgId, name: string, value: string, now: number): Promise<void>;
}

const text = (value: SqlValue | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
const blob = (value: SqlValue | undefined): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array());

/** The authority that signs for devices; `undefined` before the first leader made it. */
export async function findDeviceAuthority(driver: SqlDriver): Promise<StoredAuthority | undefined> {
  const sql = "SELECT id, certificate, wrapped_private_key, not_after FROM ca WHERE kind = 'device' ORDER BY created_at DESC, id LIMIT 1";
  const [row] = toRecords(await driver.query({ sql }));
  if (!row) return undefined;
  return {
    id: text(row['id']) ?? '',
    certificate: text(row['certificate']) ?? '',
    wrappedPrivateKey: blob(row['wrapped_private_key']),
    notAfter: Number(row['not_after']),
  };
}

const JOIN_TOKEN_COLUMNS = 'id, org_id, owner_user_id, secret_hash, name, labels, lending, approval, created_at, expires_at';

function readJoinToken(row: Readonly<Record<string, SqlValue>>): JoinTokenRow {
  const lending = text(row['lending']);
  const instant = (value: SqlValue | undefined): number | undefined => (value === null || value === undefined ? undefined : Number(value));
  return {
    id: joinTokenIdSchema.parse(row['id']),
    orgId: orgIdSchema.parse(row['org_id']),
    ownerUserId: userIdSchema.optional().parse(text(row['owner_user_id'])),
    secretHash: blob(row['secret_hash']),
    name: text(row['name']),
    labels: labelsSchema.parse(JSON.parse(text(row['labels']) ?? '{}')),
    lending: lending === undefined ? undefined : readStored(lendingRuleSchema, lending),
    approval: Number(row['approval']) === 1,
    createdAt: Number(row['created_at']),
    expiresAt: Number(row['expires_at']),
    usedAt: instant(row['used_at']),
    cancelledAt: instant(row['cancelled_at']),
  };
}

export function createEnrolmentRecords({
  driver,
  writer,
}: {
  readonly driver: SqlDriver;
  readonly writer: Pick<GuardedWriter, 'write'>;
}): EnrolmentRecords {
  const find = async (sql: string, params: readonly SqlValue[]) => toRecords(await driver.query({ sql, params }))[0];

  /** `false` when a guard or a constraint said no. */
  async function write(what: string, statements: readonly Statement[]): Promise<boolean> {
    const outcome = await writer.write(statements);
    if (outcome.kind === 'committed') return true;
    if (outcome.kind === 'failed' && outcome.failure.kind === 'constraint') return false;
    const why = outcome.kind === 'fenced' ? 'another coordinator has taken over this database' : outcome.failure.message;
    throw new CloudlessError('store_unavailable', `Storing ${what} failed: ${why}.`, saying('storeNotServed', {}));
  }

  return {
    async insertJoinToken(row) {
      const params = [
        row.id,
        row.orgId,
        row.ownerUserId ?? null,
        row.secretHash,
        row.name ?? null,
        JSON.stringify(row.labels),
        row.lending ? JSON.stringify(row.lending) : null,
        row.approval ? 1 : 0,
        row.createdAt,
        row.expiresAt,
      ];
      await write('a join token', [
        {
          sql: `INSERT INTO join_token (${JOIN_TOKEN_COLUMNS}) VALUES (${JOIN_TOKEN_COLUMNS.split(',')
            .map(() => '?')
            .join(', ')})`,
          params,
        },
      ]);
    },
    async findJoinToken(id) {
      const row = await find(`SELECT ${JOIN_TOKEN_COLUMNS}, used_at, cancelled_at FROM join_token WHERE id = ?`, [id]);
      return row && readJoinToken(row);
    },
    async cancelJoinToken(id, now) {
      await write('the end of a join token', [
        { sql: 'UPDATE join_token SET cancelled_at = ? WHERE id = ? AND used_at IS NULL AND cancelled_at IS NULL', params: [now, id] },
      ]);
    },
    async listOpenJoinTokens(now) {
      const sql = `SELECT ${JOIN_TOKEN_COLUMNS}, used_at, cancelled_at FROM join_token WHERE used_at IS NULL AND cancelled_at IS NULL AND expires_at > ? ORDER BY created_at LIMIT 200`;
      return toRecords(await driver.query({ sql, params: [now] })).map(readJoinToken);
    },
    useJoinToken: (id, nodeId, now) =>
      write('the use of a join token', [
        guardThat('(SELECT used_at IS NULL AND cancelled_at IS NULL AND expires_at > ? FROM join_token WHERE id = ?)', [now, id]),
        { sql: 'UPDATE join_token SET used_at = ?, used_by_node_id = ? WHERE id = ?', params: [now, nodeId, id] },
      ]),
    findDeviceAuthority: () => findDeviceAuthority(driver),
    async insertDeviceAuthority({ id, certificate, wrappedPrivateKey, notAfter }, now) {
      const sql = "INSERT INTO ca (id, kind, certificate, wrapped_private_key, created_at, not_after) VALUES (?, 'device', ?, ?, ?, ?)";
      // One authority a cluster: two starts at once must not leave two.
      await write('the device authority', [
        guardThat("(SELECT count(*) = 0 FROM ca WHERE kind = 'device')"),
        { sql, params: [id, certificate, wrappedPrivateKey, now, notAfter] },
      ]);
    },
    async findSetting(orgId, name) {
      return text((await find('SELECT value FROM setting WHERE org_id = ? AND name = ?', [orgId, name]))?.['value']);
    },
    async putSetting(orgId, name, value, now) {
      await write(`the setting ${name}`, [putSetting(orgId, name, value, now)]);
    },
  };
}
