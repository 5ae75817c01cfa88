import { rm, readFile, writeFile, rename } from 'node:fs/promises';
import { guardThat, toRecords, type GuardedWriter, type SqlDriver, type Statement } from '@cloudless/db';
import type { Clock, Entropy } from '@cloudless/kernel';
import { CloudlessError, ID_PREFIX, saying, type OrgId, type UserId } from '@cloudless/proto';
import type { CrashPoint } from '../crash-points.ts';
import { createCode, hashCode } from './codes.ts';
import { recoveryCodeStatements } from './recovery.ts';

/** Twelve characters: 60 bits. */
const CLAIM_GROUPS = 3;
const NO_OWNER = "NOT EXISTS (SELECT 1 FROM member WHERE role = 'owner')";

export type ClaimOptions = {
  readonly driver: SqlDriver;
  readonly writer: GuardedWriter;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  readonly orgId: OrgId;
  /** Where the code lies for whoever is on the machine; 0600, removed by the claim. */
  readonly codeFile: string;
  readonly crashPoint: CrashPoint;
};

export type Owner = { readonly id: UserId; readonly name: string; readonly email: string; readonly passwordHash: string };

export interface Claim {
  isClaimed(): boolean;
  /** Makes sure that a cluster without an owner has one code that works, in its file; and that a claimed one has none. */
  prepare(): Promise<void>;
  /** Whether the code would be taken now. */
  isGood(code: string): Promise<boolean>;
  /**
   * Makes the owner, and uses the code up, in one batch.
   * @returns recovery codes
   * @throws CloudlessError `claim_code_wrong`, `already_claimed`
   */
  take(code: string, owner: Omit<Owner, 'id'>): Promise<{ readonly userId: UserId; readonly recoveryCodes: readonly string[] }>;
}

/** Times in people's tables are ISO 8601 text. The instant is passed in. */
// oxlint-disable-next-line no-restricted-globals
const toIso = (atMs: number): string => new Date(atMs).toISOString();

export const wrongCode = (): CloudlessError =>
  new CloudlessError('claim_code_wrong', 'This claim code is not the one of this cluster, or was used.', saying('claimCodeWrong', {}));
export const alreadyClaimed = (): CloudlessError =>
  new CloudlessError('already_claimed', 'This cluster has an owner already.', saying('alreadyClaimed', {}));

function ownerStatements(orgId: OrgId, owner: Owner, accountId: string, memberId: string, at: string): Statement[] {
  return [
    {
      sql: 'INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt") VALUES (?, ?, ?, 0, ?, ?)',
      params: [owner.id, owner.name, owner.email.toLowerCase(), at, at],
    },
    {
      sql: 'INSERT INTO account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt") VALUES (?, ?, \'credential\', ?, ?, ?, ?)',
      params: [accountId, owner.id, owner.id, owner.passwordHash, at, at],
    },
    {
      sql: 'INSERT INTO member (id, "organizationId", "userId", role, "createdAt") VALUES (?, ?, ?, \'owner\', ?)',
      params: [memberId, orgId, owner.id, at],
    },
  ];
}

/** The way from a fresh cluster to its first owner: one code, which works once. */
export async function createClaim(options: ClaimOptions): Promise<Claim> {
  const { driver, writer, clock, entropy, orgId, codeFile, crashPoint } = options;
  const readClaimed = async (): Promise<boolean> => toRecords(await driver.query({ sql: `SELECT ${NO_OWNER} AS open` }))[0]?.['open'] === 0;
  let claimed = await readClaimed();

  async function isGood(code: string): Promise<boolean> {
    const { rows } = await driver.query({
      sql: 'SELECT 1 FROM claim WHERE code_hash = ? AND used_at IS NULL',
      params: [hashCode(code, 'claim')],
    });
    return rows.length > 0;
  }

  async function writeCode(): Promise<void> {
    const code = createCode(CLAIM_GROUPS, entropy);
    await writer.write([
      { sql: 'DELETE FROM claim WHERE used_at IS NULL' },
      { sql: 'INSERT INTO claim (code_hash, created_at) VALUES (?, ?)', params: [hashCode(code, 'claim'), clock.now()] },
    ]);
    await writeFile(`${codeFile}.next`, `${code}\n`, { mode: 0o600, flush: true });
    await rename(`${codeFile}.next`, codeFile);
  }

  return {
    isClaimed: () => claimed,
    isGood,
    async prepare() {
      claimed = await readClaimed();
      if (claimed) {
        await rm(codeFile, { force: true });
        return;
      }
      const kept = await readFile(codeFile, 'utf8').catch(() => '');
      if (kept.trim() === '' || !(await isGood(kept))) await writeCode();
    },
    async take(code, person) {
      const userId = entropy.id(ID_PREFIX.user) as UserId;
      const codes = recoveryCodeStatements(userId, clock.now(), entropy);
      crashPoint('people.beforeClaim');
      const outcome = await writer.write([
        guardThat(`(SELECT EXISTS (SELECT 1 FROM claim WHERE code_hash = ? AND used_at IS NULL) AND ${NO_OWNER})`, [
          hashCode(code, 'claim'),
        ]),
        {
          sql: 'UPDATE claim SET used_at = ?, used_by_user_id = ? WHERE code_hash = ?',
          params: [clock.now(), userId, hashCode(code, 'claim')],
        },
        ...ownerStatements(orgId, { ...person, id: userId }, entropy.id('account'), entropy.id('member'), toIso(clock.now())),
        ...codes.statements,
      ]);
      if (outcome.kind !== 'committed') {
        claimed = await readClaimed();
        throw claimed ? alreadyClaimed() : wrongCode();
      }
      crashPoint('people.afterClaim');
      claimed = true;
      await rm(codeFile, { force: true });
      return { userId, recoveryCodes: codes.codes };
    },
  };
}
