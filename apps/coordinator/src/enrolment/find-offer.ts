import { err, ok, type Result } from '@cloudless/kernel';
import { hashJoinSecret, isSameHash, parsePresentedToken } from '@cloudless/identity';
import type { JoinHop, JoinRefusalCode, JoinTokenId } from '@cloudless/proto';
import type { EnrolmentRecords, JoinTokenRow } from './records.ts';

export type JoinRefusal = {
  readonly code: JoinRefusalCode;
  readonly message: string;
  readonly hop: JoinHop;
  readonly tokenId?: JoinTokenId | undefined;
  /** Somebody may be at it who should not. */
  readonly isAttack?: boolean;
};

const over = (row: JoinTokenRow, now: number): string | undefined => {
  if (row.usedAt !== undefined) return 'the join token was used already; make a new one';
  if (row.cancelledAt !== undefined) return 'the join token was withdrawn; make a new one';
  return row.expiresAt <= now ? 'the join token has expired; make a new one' : undefined;
};

/** Whether the offer still stands. */
export function judgeOffer(row: JoinTokenRow, now: number): Result<JoinTokenRow, JoinRefusal> {
  const message = over(row, now);
  if (message === undefined) return ok(row);
  const code = row.usedAt !== undefined ? 'used' : row.cancelledAt !== undefined ? 'cancelled' : 'expired';
  return err({ code, message, hop: 'token', tokenId: row.id, isAttack: code === 'used' });
}

/** The offer that a presented `<id>.<secret>` is of. */
export async function findOffer(presented: string, records: EnrolmentRecords, now: number): Promise<Result<JoinTokenRow, JoinRefusal>> {
  const parts = parsePresentedToken(presented);
  if (!parts) return err({ code: 'malformed', message: 'the join token is not complete; copy it again', hop: 'token' });
  const row = await records.findJoinToken(parts.id);
  // One answer for an unknown id and a wrong secret: ids are no secret, but their existence is nobody's business.
  const unknown = 'the join token is not known here: it is of another cluster, or was deleted; make a new one';
  if (!row) return err({ code: 'unknown', message: unknown, hop: 'token', tokenId: parts.id });
  if (!isSameHash(hashJoinSecret(parts.secret), row.secretHash))
    return err({ code: 'wrong_secret', message: unknown, hop: 'token', tokenId: parts.id, isAttack: true });
  return judgeOffer(row, now);
}
