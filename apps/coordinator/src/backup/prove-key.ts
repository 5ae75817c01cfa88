import { toRecords, type SqlDriver } from '@cloudless/db';
import { createKeyWrap } from '@cloudless/identity/ca';
import type { Entropy } from '@cloudless/kernel';
import { DEVICE_KEY_CONTEXT } from '../enrolment/load-device-ca.ts';

/**
 * A key that opens nothing of this cluster would lock it out of its own devices.
 *
 * @throws CloudlessError when it does not open the device authority
 */
export async function proveKey(driver: SqlDriver, key: Uint8Array, entropy: Entropy): Promise<void> {
  const [row] = toRecords(
    await driver.query({ sql: "SELECT wrapped_private_key FROM ca WHERE kind = 'device' ORDER BY created_at DESC LIMIT 1" }),
  );
  const wrapped = row?.['wrapped_private_key'];
  if (wrapped instanceof Uint8Array) createKeyWrap(key, entropy).unwrap(wrapped, DEVICE_KEY_CONTEXT);
}
