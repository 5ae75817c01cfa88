import { createGuardedWriter, toRecords } from '@cloudless/db';
import type { Logger } from '@cloudless/kernel';
import { CloudlessError, saying } from '@cloudless/proto';
import type { ApiParts } from '../../parts.ts';
import type { Caller } from '../../people/people.ts';
import { hashRequest } from '../request-id.ts';
import type { Answer } from './answers.ts';

/** A client that lost an answer asks again within minutes; a day is generous. */
const KEEP_MS = 24 * 3_600_000;
/** Requests under way at once that carry a key. */
const MAX_UNDER_WAY = 1000;
/** Answers kept of one organisation: the newest. */
const MAX_KEPT = 10_000;
const MAX_KEY_CHARACTERS = 255;

export type Repeatable = {
  readonly caller: Caller;
  /** `Idempotency-Key` as it came. */
  readonly key: string;
  /** Everything that makes the request what it is. */
  readonly request: string;
};

export interface Idempotency {
  /**
   * The answer to a change, given again to the same request for a day, over restarts. What failed is tried again.
   * @throws CloudlessError `invalid_input`; `idempotency_conflict` when the key came with another request; what `work` throws
   */
  once(repeatable: Repeatable, work: () => Promise<Answer>): Promise<Answer>;
}

type Kept = { readonly requestHash: string; readonly answer: Answer };

/** Answers are kept in the table `idempotency`, which lets go of them by itself. None of them may hold a secret. */
export function createIdempotency({
  driver,
  cluster,
  clock,
  entropy,
  logger,
}: Pick<ApiParts, 'driver' | 'cluster' | 'clock' | 'entropy'> & { readonly logger: Logger }): Idempotency {
  const writer = createGuardedWriter({ driver, clock, entropy, token: cluster.token });
  const underWay = new Map<string, Promise<Kept>>();

  async function find(orgId: string, key: string): Promise<Kept | undefined> {
    const sql = 'SELECT request_hash, status, response FROM idempotency WHERE org_id = ? AND key = ? AND expires_at > ?';
    const [row] = toRecords(await driver.query({ sql, params: [orgId, key, clock.now()] }));
    if (!row) return undefined;
    const { headers, body } = JSON.parse(String(row['response'])) as Pick<Answer, 'headers' | 'body'>;
    return { requestHash: String(row['request_hash']), answer: { status: Number(row['status']), headers, body } };
  }

  async function keep(orgId: string, key: string, { requestHash, answer }: Kept): Promise<void> {
    const { status, headers, body } = answer;
    const params = [orgId, key, requestHash, status, JSON.stringify({ headers, body }), clock.now() + KEEP_MS];
    const sql = 'INSERT OR REPLACE INTO idempotency (org_id, key, request_hash, status, response, expires_at) VALUES (?, ?, ?, ?, ?, ?)';
    const trim = `DELETE FROM idempotency WHERE org_id = ? AND expires_at <= (
      SELECT expires_at FROM idempotency WHERE org_id = ? ORDER BY expires_at DESC LIMIT 1 OFFSET ${MAX_KEPT})`;
    const outcome = await writer.write([
      { sql, params },
      { sql: trim, params: [orgId, orgId] },
    ]);
    // The change itself is stored: names and generations guard its repetition.
    if (outcome.kind !== 'committed') logger.warn({ op: 'api.idempotency', outcome: 'failed', reason: outcome.kind });
  }

  async function answerFirst(orgId: string, key: string, requestHash: string, work: () => Promise<Answer>): Promise<Kept> {
    const known = await find(orgId, key);
    if (known) return known;
    const answer = await work();
    const kept = { requestHash, answer };
    await keep(orgId, key, kept).catch((cause: unknown) => logger.warn({ op: 'api.idempotency', outcome: 'failed' }, cause));
    return kept;
  }

  /** Of several with one key at once, the first works. */
  async function share(id: string, start: () => Promise<Kept>): Promise<Kept> {
    const current = underWay.get(id);
    if (current) return current;
    if (underWay.size >= MAX_UNDER_WAY) {
      throw new CloudlessError('overloaded', `${MAX_UNDER_WAY} changes are under way.`, saying('tooMuchWaits', {}));
    }
    const kept = start().finally(() => underWay.delete(id));
    underWay.set(id, kept);
    return kept;
  }

  return {
    async once({ caller, key, request }, work) {
      if (key.length > MAX_KEY_CHARACTERS) {
        throw new CloudlessError('invalid_input', `An Idempotency-Key has ${MAX_KEY_CHARACTERS} characters at most.`, {
          issues: [{ path: 'Idempotency-Key', message: 'is too long' }],
        });
      }
      const own = `${caller.id}/${key}`;
      const requestHash = hashRequest(request);
      const { requestHash: first, answer } = await share(`${caller.orgId}/${own}`, () => answerFirst(caller.orgId, own, requestHash, work));
      if (first === requestHash) return answer;
      throw new CloudlessError('idempotency_conflict', `The Idempotency-Key ${key.slice(0, 64)} came with another request before.`);
    },
  };
}
