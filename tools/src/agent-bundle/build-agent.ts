import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { REPOSITORY } from '../programs/repository.ts';

/** The agent as one file: what devices install, and what runs on this machine. */
export const AGENT_FILE = join(REPOSITORY, 'apps', 'agent', 'dist', 'cloudless-agent.mjs');

/** Parts of the engine's client that the agent has no use for: engines over SSH, and builds by BuildKit. They are three quarters of it. */
const UNUSED: ReadonlySet<string> = new Set(['ssh2', '@grpc/grpc-js', '@grpc/proto-loader', './session', './buildkit']);
const EMPTY = '\0unused';
const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  resolveId: (id, importer) => (UNUSED.has(id) && /docker(ode|-modem)/.test(importer ?? '') ? EMPTY : undefined),
  load: (id) => (id === EMPTY ? 'module.exports = {};' : undefined),
};

/** For tests that need another agent than this release's. */
export type OtherAgent = {
  /** Root of the sources. */
  readonly repository?: string;
  /** What becomes of a source file on its way. */
  readonly edit?: (path: string, source: string) => string;
};

/** Takes under a second, so that it is made at each start. The same sources give the same bytes. */
export async function buildAgent(file: string = AGENT_FILE, { repository = REPOSITORY, edit }: OtherAgent = {}): Promise<string> {
  const scratch = `${file}.${process.pid}.mjs`;
  await mkdir(dirname(file), { recursive: true });
  const bundle = await rolldown({
    input: join(repository, 'apps', 'agent', 'src', 'main.ts'),
    platform: 'node',
    plugins: [leaveOutUnused, ...(edit ? [{ name: 'edit', transform: (source: string, path: string) => edit(path, source) }] : [])],
    logLevel: 'silent',
  });
  try {
    await bundle.write({ file: scratch, format: 'esm', minify: true, codeSplitting: false });
    await rename(scratch, file);
  } finally {
    await bundle.close();
    await rm(scratch, { force: true });
  }
  return file;
}
