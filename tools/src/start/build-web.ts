import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from '../programs/run-program.ts';
import { listFiles, REPOSITORY } from '../programs/repository.ts';
import { takeLock } from './instance-lock.ts';
import { CommandRefused } from './refusal.ts';

const WEB = join(REPOSITORY, 'apps', 'web');
const STANDALONE = join(WEB, '.next', 'standalone', 'apps', 'web');
const STAMP = join(STANDALONE, 'cloudless-build');
const CACHE = join(REPOSITORY, 'node_modules', '.cache', 'cloudless');
/** What the dashboard is built from. The coordinator gives it types only, which a build does not read. */
const SOURCES = ['apps/web', 'packages/ui', 'packages/sdk', 'packages/proto', 'packages/kernel'];
const BUILD_MS = 10 * 60_000;

/** One hash over the paths and contents of everything that a build reads. */
export function hashSources(files: readonly { readonly path: string; readonly content: Uint8Array }[]): string {
  const hash = createHash('sha256');
  for (const { path, content } of files) hash.update(`${path}\0${content.length}\0`).update(content);
  return hash.digest('hex');
}

function currentHash(): string {
  const paths = [...SOURCES.flatMap((folder) => listFiles(folder)), 'package-lock.json'].filter(
    (path) => !/\.test\.tsx?$|tsbuildinfo$|next-env\.d\.ts$/.test(path),
  );
  return hashSources(paths.map((path) => ({ path, content: readFileSync(join(REPOSITORY, path)) })));
}

const isFresh = (hash: string): boolean => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash;

/**
 * Generates the database client and builds the dashboard, when their sources changed since the last time. One build at a time:
 * a second command waits for the first and uses its result.
 *
 * @param show takes a line for the person: what is being built and how long it took
 * @throws CommandRefused with the compiler's output when a build fails
 */
export async function buildStale(show: (line: string) => void): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const lock = await waitForLock(join(CACHE, 'build.lock'), show);
  try {
    await runStep('the database client', ['turbo', 'run', 'generate', '--output-logs=errors-only', '--no-update-notifier']);
    const hash = currentHash();
    if (isFresh(hash)) return;
    show('Building the dashboard (a minute or so) …');
    const startedAt = performance.now();
    rmSync(STAMP, { force: true });
    await runStep('the dashboard', ['npm', 'run', '--silent', 'build', '--workspace', '@cloudless/web']);
    cpSync(join(WEB, '.next', 'static'), join(STANDALONE, '.next', 'static'), { recursive: true });
    if (existsSync(join(WEB, 'public'))) cpSync(join(WEB, 'public'), join(STANDALONE, 'public'), { recursive: true });
    writeFileSync(STAMP, hash);
    show(`Built in ${((performance.now() - startedAt) / 1000).toFixed(0)} s.`);
  } finally {
    lock.release();
  }
}

async function runStep(what: string, argv: readonly [string, ...string[]]): Promise<void> {
  const env = { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
  const ran = await runProgram(argv, { env, signal: AbortSignal.timeout(BUILD_MS) });
  if (ran.exitCode === 0) return;
  throw new CommandRefused({
    problem: `${what} could not be built:\n${ran.output.trim()}`,
    remedy: 'undo your last change to the sources, or run `npm ci` when they are unchanged',
  });
}

async function waitForLock(path: string, show: (line: string) => void): Promise<{ release(): void }> {
  const deadline = AbortSignal.timeout(BUILD_MS);
  for (let told = false; ; told = true) {
    const lock = takeLock(path);
    if (lock.kind === 'held') return lock;
    if (!told) show(`Waiting for the build of another command (pid ${lock.pid}) …`);
    if (deadline.aborted)
      throw new CommandRefused({
        problem: `another command (pid ${lock.pid}) has been building for ten minutes`,
        remedy: 'end it and run this again',
      });
    await sleep(200);
  }
}
