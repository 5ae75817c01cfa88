import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { open, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Exit codes that `cloudless-agent run` understands. */
export const EXIT = { otherVersion: 75, left: 76 } as const;

const FILE = /^agent-[0-9a-f]{12}\.mjs$/;
export const agentFileName = (sha256: string): string => `agent-${sha256.slice(0, 12)}.mjs`;

/** SHA-256 (hex) of the agent's file that `current` leads to. */
export function readOwnSha256(home: string): string | undefined {
  try {
    return createHash('sha256')
      .update(readFileSync(join(home, 'current')))
      .digest('hex');
  } catch {
    return undefined;
  }
}

/** Whether this version runs on trial: it has not been welcomed since it was put in place. */
export const isOnTrial = (home: string): Promise<boolean> =>
  readFile(join(home, 'trial')).then(
    () => true,
    () => false,
  );

/** It was welcomed: it stays, and what was kept to go back to is no longer needed. */
export async function endTrial(home: string): Promise<void> {
  await rm(join(home, 'trial'), { force: true });
  const current = readlinkSync(join(home, 'current'));
  for (const name of await readdir(home)) if (FILE.test(name) && name !== basename(current)) await rm(join(home, name), { force: true });
}

/** The version that came up last and did not stay; it is not tried again. */
export const readRefused = (home: string): Promise<string | undefined> =>
  readFile(join(home, 'refused'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );

/**
 * Puts another version in place: durable before `current` leads to it, and the one before named in `trial`.
 * @throws Error when the bytes are not the ones that were announced
 */
export async function putInPlace(home: string, sha256: string, bytes: AsyncIterable<Uint8Array>, maxBytes: number): Promise<void> {
  const name = agentFileName(sha256);
  const path = join(home, name);
  const hash = createHash('sha256');
  let length = 0;
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    for await (const chunk of bytes) {
      length += chunk.byteLength;
      if (length > maxBytes) throw new Error(`more than the ${maxBytes} bytes came that were announced`);
      hash.update(chunk);
      await file.write(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (hash.digest('hex') !== sha256) {
    await rm(`${path}.new`, { force: true });
    throw new Error('what came is not the version that was announced');
  }
  await rename(`${path}.new`, path);
  const trial = await open(join(home, 'trial'), 'w', 0o600);
  await trial.writeFile(basename(readlinkSync(join(home, 'current'))));
  await trial.sync();
  await trial.close();
  await symlink(name, join(home, 'current.new'));
  await rename(join(home, 'current.new'), join(home, 'current'));
}
