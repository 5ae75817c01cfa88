import { createCipheriv, createDecipheriv } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
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
        throw new CloudlessError(
          'config_invalid',
          `The stored ${context} cannot be opened with this master key: restore the master.key that belongs to this data folder. Coordinators that share a store need the same file.`,
          { cause },
        );
      }
    },
  };
}

/** The whole key durably under its name, or nothing: half a key would lock the cluster out of its own secrets. */
async function makeMasterKey(file: string, entropy: Entropy): Promise<void> {
  const draft = `${file}.${Buffer.from(entropy.bytes(8)).toString('hex')}.new`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${Buffer.from(entropy.bytes(KEY_BYTES)).toString('base64')}\n`);
    await handle.sync();
    // A link never replaces what is there: of two starts at once, one makes the key and both read it.
    await link(draft, file);
    await syncFolder(dirname(file));
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause;
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const hasCode = (cause: unknown, code: string): boolean => cause instanceof Error && 'code' in cause && cause.code === code;

async function findKeyFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw cause;
  }
}

/**
 * Reads the master key, or makes it at the first start (0600, never overwritten).
 * @throws CloudlessError `config_invalid` when the file holds something else
 */
export async function readMasterKey(file: string, entropy: Entropy): Promise<Uint8Array> {
  let text = await findKeyFile(file);
  if (text === undefined) {
    await makeMasterKey(file, entropy);
    text = await readFile(file, 'utf8');
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.byteLength !== KEY_BYTES)
    throw new CloudlessError(
      'config_invalid',
      `${file} does not hold a master key of ${KEY_BYTES} bytes in base64: restore it from your backup.`,
    );
  return new Uint8Array(key);
}
