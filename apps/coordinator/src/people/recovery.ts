import { guardThat, toRecords, type GuardedWriter, type SqlDriver, type Statement } from '@cloudless/db';
import type { Clock, Entropy } from '@cloudless/kernel';
import type { UserId } from '@cloudless/proto';
import { createCode, hashCode } from './codes.ts';

/** Codes that a person gets at once. */
export const RECOVERY_CODES = 8;
/** Sixteen characters: 80 bits, for codes that live for years. */
const RECOVERY_GROUPS = 4;

const insertCode = (userId: UserId, code: string, at: number): Statement => ({
  sql: 'INSERT INTO recovery_code (user_id, code_hash, created_at) VALUES (?, ?, ?)',
  params: [userId, hashCode(code, 'recovery'), at],
});

/** Fresh codes, and the statements that store their hashes. */
export function recoveryCodeStatements(
  userId: UserId,
  at: number,
  entropy: Entropy,
): { readonly codes: readonly string[]; readonly statements: readonly Statement[] } {
  const codes = Array.from({ length: RECOVERY_CODES }, () => createCode(RECOVERY_GROUPS, entropy));
  return { codes, statements: codes.map((code) => insertCode(userId, code, at)) };
}

export type RecoveryOptions = {
  readonly driver: SqlDriver;
  readonly writer: GuardedWriter;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
};

export interface Recovery {
  left(userId: UserId): Promise<number>;
  renew(userId: UserId): Promise<readonly string[]>;
  /** One more code beside those there are. */
  add(userId: UserId): Promise<string>;
  /** The person whose unused code it is, with that address. */
  findPerson(email: string, code: string): Promise<{ readonly id: UserId; readonly name: string } | undefined>;
  /** Uses the code up, sets the password and ends every session, in one batch. `false` when the code was used meanwhile. */
  apply(userId: UserId, code: string, passwordHash: string): Promise<boolean>;
}

/** Single-use codes that set a new password. */
export function createRecovery({ driver, writer, clock, entropy }: RecoveryOptions): Recovery {
  return {
    async left(userId) {
      const { rows } = await driver.query({
        sql: 'SELECT count(*) FROM recovery_code WHERE user_id = ? AND used_at IS NULL',
        params: [userId],
      });
      return Number(rows[0]?.[0] ?? 0);
    },
    async renew(userId) {
      const { codes, statements } = recoveryCodeStatements(userId, clock.now(), entropy);
      await writer.write([{ sql: 'DELETE FROM recovery_code WHERE user_id = ?', params: [userId] }, ...statements]);
      return codes;
    },
    async add(userId) {
      const code = createCode(RECOVERY_GROUPS, entropy);
      await writer.write([insertCode(userId, code, clock.now())]);
      return code;
    },
    async findPerson(email, code) {
      const sql = `SELECT u.id AS id, u.name AS name FROM "user" u JOIN recovery_code c ON c.user_id = u.id
        WHERE u.email = ? AND c.code_hash = ? AND c.used_at IS NULL`;
      const [row] = toRecords(await driver.query({ sql, params: [email.trim().toLowerCase(), hashCode(code, 'recovery')] }));
      return row && { id: String(row['id']) as UserId, name: String(row['name']) };
    },
    async apply(userId, code, passwordHash) {
      const hash = hashCode(code, 'recovery');
      const outcome = await writer.write([
        guardThat('(SELECT EXISTS (SELECT 1 FROM recovery_code WHERE user_id = ? AND code_hash = ? AND used_at IS NULL))', [userId, hash]),
        { sql: 'UPDATE recovery_code SET used_at = ? WHERE user_id = ? AND code_hash = ?', params: [clock.now(), userId, hash] },
        { sql: 'UPDATE account SET password = ? WHERE "userId" = ? AND "providerId" = \'credential\'', params: [passwordHash, userId] },
        { sql: 'DELETE FROM session WHERE "userId" = ?', params: [userId] },
      ]);
      return outcome.kind === 'committed';
    },
  };
}
