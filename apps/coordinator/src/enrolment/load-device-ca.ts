import { assert, type Clock, type Entropy } from '@cloudless/kernel';
import { createDeviceAuthority, openDeviceCa, type DeviceCa, type KeyWrap } from '@cloudless/identity/ca';
import type { ClusterId } from '@cloudless/proto';
import type { EnrolmentRecords } from './records.ts';

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
  const authority = {
    certificate: stored.certificate,
    privateKey: keyWrap.unwrap(stored.wrappedPrivateKey, DEVICE_KEY_CONTEXT),
    notAfter: stored.notAfter,
  };
  return openDeviceCa({ authority, clusterId, entropy });
}
