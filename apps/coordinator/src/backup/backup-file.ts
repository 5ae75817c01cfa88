import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { CloudlessError } from '@cloudless/proto';
import { z } from 'zod';

/**
 * A backup is one file: this line, a line of JSON (the manifest), then an SQLite database with all of the cluster's rows. Secrets in it
 * are wrapped by the master key.
 */
const FIRST_LINE = 'CLOUDLESS-BACKUP 1\n';
const MANIFEST_LIMIT = 1024 * 1024;
const CHUNK = 1024 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const manifestSchema = z.object({
  format: z.literal(1),
  madeAt: z.string(),
  /** Release that made it. */
  version: z.string(),
  schemaVersion: z.int(),
  clusterId: z.string(),
  epoch: z.int(),
  headRevision: z.int(),
  bytes: z.int(),
  sha256,
  tables: z.array(z.object({ name: z.string(), rows: z.int(), sha256 })),
  /** The master key, only when it was asked for: sealed by a passphrase. */
  masterKey: z.object({ kdf: z.literal('scrypt'), salt: z.string(), cost: z.int().max(2 ** 20), sealed: z.string() }).optional(),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

const refuse = (path: string, why: string): CloudlessError =>
  new CloudlessError('config_invalid', `${path} is no whole backup of Cloudless: ${why}. Use another one.`);

function* chunksOf(path: string, from = 0): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK);
    for (let at = from; ;) {
      const read = readSync(file, chunk, 0, CHUNK, at);
      if (read === 0) return;
      at += read;
      yield chunk.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}

/** Length and SHA-256 of a file. */
export function measureFile(path: string): { readonly bytes: number; readonly sha256: string } {
  const hash = createHash('sha256');
  for (const chunk of chunksOf(path)) hash.update(chunk);
  return { bytes: statSync(path).size, sha256: hash.digest('hex') };
}

/** Writes the file and waits for the disk. It must not exist. */
export function writeBackupFile(path: string, manifest: BackupManifest, database: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    // Not `writeSync`: on a full disk that writes a part, and says nothing.
    writeFileSync(file, `${FIRST_LINE}${JSON.stringify(manifest)}\n`);
    for (const chunk of chunksOf(database)) writeFileSync(file, chunk);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function readHead(path: string): { readonly manifest: BackupManifest; readonly start: number } {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(FIRST_LINE.length + MANIFEST_LIMIT);
    const text = head.subarray(0, readSync(file, head, 0, head.length, 0)).toString('latin1');
    if (!text.startsWith(FIRST_LINE)) throw refuse(path, 'its first line is not that of a backup');
    const end = text.indexOf('\n', FIRST_LINE.length);
    if (end < 0) throw refuse(path, 'it ends within its manifest');
    const parsed = manifestSchema.safeParse(JSON.parse(text.slice(FIRST_LINE.length, end)));
    if (!parsed.success) throw refuse(path, 'its manifest is not understood');
    return { manifest: parsed.data, start: end + 1 };
  } catch (error) {
    throw error instanceof SyntaxError ? refuse(path, 'its manifest is not understood') : error;
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a backup and writes its database to `database`, which must not exist.
 *
 * @throws CloudlessError `config_invalid` when a byte of it lacks or differs
 */
export function readBackupFile(path: string, database: string): BackupManifest {
  const { manifest, start } = readHead(path);
  const held = statSync(path).size - start;
  if (held !== manifest.bytes) throw refuse(path, `it holds ${held} of ${manifest.bytes} bytes`);
  const hash = createHash('sha256');
  const file = openSync(database, 'wx', 0o600);
  try {
    for (const chunk of chunksOf(path, start)) {
      hash.update(chunk);
      writeFileSync(file, chunk);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (hash.digest('hex') !== manifest.sha256) throw refuse(path, 'its bytes are not those that were written');
  return manifest;
}
