import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Entropy } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 1;

/** Wraps secrets for storage: AES-256-GCM, `1 | nonce | tag | ciphertext`. `context` is bound, so that one secret cannot stand in for another. */
export interface KeyWrap {
  wrap(plaintext: string, context: string): Uint8Array;
  /** @throws CloudlessError `config_invalid` when the master key is not the one that wrapped it, or it was changed */
  unwrap(wrapped: Uint8Array, context: string): string;
}

export function createKeyWrap(masterKey: Uint8Array, entropy: Entropy): KeyWrap {
  return {
    wrap(plaintext, context) {
      const nonce = entropy.bytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', masterKey, nonce);
      cipher.setAAD(Buffer.from(context, 'utf8'));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return new Uint8Array(Buffer.concat([Uint8Array.of(FORMAT), nonce, cipher.getAuthTag(), ciphertext]));
    },
    unwrap(wrapped, context) {
      try {
        const nonce = wrapped.subarray(1, 1 + NONCE_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES });
        decipher.setAAD(Buffer.from(context, 'utf8'));
        decipher.setAuthTag(wrapped.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(wrapped.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new CloudlessError('config_invalid', `The stored ${context} cannot be opened with this master key: restore the master.key that belongs to this data folder.`, { cause });
      }
    },
  };
}

/**
 * Reads the master key, or makes it at the first start (0600, never overwritten).
 * @throws CloudlessError `config_invalid` when the file holds something else
 */
export async function readMasterKey(file: string, entropy: Entropy): Promise<Uint8Array> {
  try {
    await writeFile(file, `${Buffer.from(entropy.bytes(KEY_BYTES)).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
  }
  const key = Buffer.from((await readFile(file, 'utf8')).trim(), 'base64');
  if (key.byteLength !== KEY_BYTES) throw new CloudlessError('config_invalid', `${file} does not hold a master key of ${KEY_BYTES} bytes in base64: restore it from your backup.`);
  return new Uint8Array(key);
}
