import { toRecords, type GuardedWriter, type SqlDriver } from '@cloudless/db';
import type { KeyWrap } from '@cloudless/identity/ca';
import { assert, type Clock, type Entropy } from '@cloudless/kernel';
import type { OrgId } from '@cloudless/proto';

const NAME = 'people.authSecret';
const SECRET_BYTES = 48;

export type AuthSecretOptions = {
  readonly driver: SqlDriver;
  readonly writer: GuardedWriter;
  readonly keyWrap: KeyWrap;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  readonly orgId: OrgId;
};

/**
 * The key that signs cookies: made at the first start, stored wrapped by the master key.
 *
 * @throws CloudlessError `config_invalid` when the master key is another one; `store_unavailable`
 */
export async function readAuthSecret({ driver, writer, keyWrap, clock, entropy, orgId }: AuthSecretOptions): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    const [row] = toRecords(await driver.query({ sql: 'SELECT value FROM setting WHERE org_id = ? AND name = ?', params: [orgId, NAME] }));
    return row === undefined ? undefined : keyWrap.unwrap(Buffer.from(String(row['value']), 'base64'), NAME);
  };
  const found = await find();
  if (found !== undefined) return found;
  const wrapped = Buffer.from(keyWrap.wrap(Buffer.from(entropy.bytes(SECRET_BYTES)).toString('base64'), NAME)).toString('base64');
  await writer.write([
    {
      sql: 'INSERT INTO setting (org_id, name, value, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      params: [orgId, NAME, wrapped, clock.now()],
    },
  ]);
  const made = await find();
  assert(made !== undefined, 'the key that signs cookies is stored before it is used');
  return made;
}
