import { assert, type Clock, type Entropy } from '@cloudless/kernel';
import { createDeviceAuthority, openDeviceCa, type DeviceCa, type KeyWrap } from '@cloudless/identity/ca';
import type { ClusterId } from '@cloudless/proto';
import type { SqlDriver } from '@cloudless/db';
import { findDeviceAuthority, type EnrolmentRecords, type StoredAuthority } from './records.ts';

/** What the wrapped key is bound to, so that no other secret of the database can stand in for it. */
export const DEVICE_KEY_CONTEXT = 'device authority key';

/**
 * The cluster's device authority: made at the first start, then always the stored one.
 * @throws CloudlessError `config_invalid` when the master key does not open it
 */
export async function loadDeviceCa(options: {
  readonly records: EnrolmentRecords;
  readonly keyWrap: KeyWrap;
  readonly clusterId: ClusterId;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
}): Promise<DeviceCa> {
  const { records, keyWrap, clusterId, clock, entropy } = options;
  let stored = await records.findDeviceAuthority();
  if (!stored) {
    const now = clock.now();
    const made = await createDeviceAuthority({ clusterId, now, entropy });
    await records.insertDeviceAuthority(
      {
        id: entropy.id('ca'),
        certificate: made.certificate,
        wrappedPrivateKey: keyWrap.wrap(made.privateKey, DEVICE_KEY_CONTEXT),
        notAfter: made.notAfter,
      },
      now,
    );
    // Read back: if another start was faster, its authority is the one.
    stored = await records.findDeviceAuthority();
  }
  assert(stored, 'the device authority is stored once it was made');
  return openStored(stored, { keyWrap, clusterId, entropy });
}

type Opening = { readonly keyWrap: KeyWrap; readonly clusterId: ClusterId; readonly entropy: Entropy };

function openStored(
  { certificate, wrappedPrivateKey, notAfter }: StoredAuthority,
  { keyWrap, clusterId, entropy }: Opening,
): Promise<DeviceCa> {
  return openDeviceCa({
    authority: { certificate, privateKey: keyWrap.unwrap(wrappedPrivateKey, DEVICE_KEY_CONTEXT), notAfter },
    clusterId,
    entropy,
  });
}

/**
 * The cluster's device authority for a coordinator that does not lead; `undefined` before the first leader made it.
 * @throws CloudlessError `config_invalid` when the master key does not open it; `store_unavailable`
 */
export async function findDeviceCa({ driver, ...opening }: Opening & { readonly driver: SqlDriver }): Promise<DeviceCa | undefined> {
  const stored = await findDeviceAuthority(driver);
  return stored && openStored(stored, opening);
}
