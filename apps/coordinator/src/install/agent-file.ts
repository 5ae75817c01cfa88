import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** The single-file agent that devices run. */
export type AgentFile = {
  readonly bytes: Uint8Array;
  /** Hex. */
  readonly sha256: string;
  readonly version: string;
};

/** @returns `undefined` when this coordinator keeps none, as in a development tree */
export async function readAgentFile(path: string | undefined, version: string): Promise<AgentFile | undefined> {
  if (path === undefined) return undefined;
  try {
    const bytes = await readFile(path);
    return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), version };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}
