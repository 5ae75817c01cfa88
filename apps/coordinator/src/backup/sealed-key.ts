import { scryptSync } from 'node:crypto';
import { createKeyWrap } from '@cloudless/identity/ca';
import type { Entropy } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { BackupManifest } from './backup-file.ts';

export type SealedKey = NonNullable<BackupManifest['masterKey']>;

/** scrypt (RFC 7914) with N = 2^15, r = 8, p = 1: 32 MB and about 0.1 s a try. */
const COST = 2 ** 15;
const MEMORY = 64 * 1024 * 1024;
const CONTEXT = 'master key in a backup';
const LEAST_LENGTH = 12;

function derive(passphrase: string, salt: Buffer, cost: number): Buffer {
  return scryptSync(passphrase.normalize('NFC'), salt, 32, { N: cost, r: 8, p: 1, maxmem: Math.max(MEMORY, cost * 2048) });
}

/** @throws CloudlessError `config_invalid` when the passphrase is short */
export function sealKey(masterKey: Uint8Array, passphrase: string, entropy: Entropy): SealedKey {
  if (passphrase.length < LEAST_LENGTH)
    throw new CloudlessError(
      'config_invalid',
      `The passphrase has fewer than ${LEAST_LENGTH} characters: whoever has the file could guess it. Use a longer one.`,
    );
  const salt = Buffer.from(entropy.bytes(16));
  const wrap = createKeyWrap(derive(passphrase, salt, COST), entropy);
  const sealed = wrap.wrap(Buffer.from(masterKey).toString('base64'), CONTEXT);
  return { kdf: 'scrypt', salt: salt.toString('base64'), cost: COST, sealed: Buffer.from(sealed).toString('base64') };
}

/** @throws CloudlessError `config_invalid` when the passphrase is another */
export function openSealedKey({ salt, cost, sealed }: SealedKey, passphrase: string, entropy: Entropy): Uint8Array {
  const wrap = createKeyWrap(derive(passphrase, Buffer.from(salt, 'base64'), cost), entropy);
  try {
    return new Uint8Array(Buffer.from(wrap.unwrap(Buffer.from(sealed, 'base64'), CONTEXT), 'base64'));
  } catch (cause) {
    throw new CloudlessError('config_invalid', 'The passphrase does not open the master key of this backup.', { cause });
  }
}
