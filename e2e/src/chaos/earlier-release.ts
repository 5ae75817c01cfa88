import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LINK_PROTOCOL } from '@cloudless/proto';
import { buildAgent, REPOSITORY, runProgram } from '@cloudless/tools/product';
import type { Release } from './cluster.ts';

const CONTRACT = 'packages/proto/src/link.ts';
/** Workspaces are linked by name below it: the earlier sources have to find each other there, not those of today. */
const SCOPE = '@cloudless';

async function run(argv: readonly [string, ...string[]], cwd = REPOSITORY): Promise<string> {
  const { exitCode, stdout, output } = await runProgram(argv, { cwd });
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}:\n${output}`);
  return stdout.trim();
}

/** The last commit that spoke the protocol before this one; absent where the history was not fetched that far. */
export async function findEarlierCommit(): Promise<string | undefined> {
  const since = await runProgram(['git', 'log', '--format=%H', `-SLINK_PROTOCOL = ${LINK_PROTOCOL};`, '--', CONTRACT]);
  const first = since.stdout.trim().split('\n').at(-1);
  if (since.exitCode !== 0 || !first) return undefined;
  const before = await runProgram(['git', 'rev-parse', '--verify', '--quiet', `${first}^`]);
  return before.exitCode === 0 ? before.stdout.trim() : undefined;
}

async function linkAll(from: string, to: string, isLinked: (name: string) => boolean): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of (await readdir(from)).filter(isLinked)) await symlink(join(from, name), join(to, name));
}

/** What is installed for today, and the workspaces of that time. */
async function linkModules(sources: string): Promise<void> {
  const modules = join(sources, 'node_modules');
  await linkAll(join(REPOSITORY, 'node_modules'), modules, (name) => name !== SCOPE);
  await mkdir(join(modules, SCOPE));
  const packages = await run(['git', 'ls-files', '--', '*/package.json', ':!:**/planted/**'], REPOSITORY);
  for (const folder of packages.split('\n').map((path) => dirname(path))) {
    const text = await readFile(join(sources, folder, 'package.json'), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const { name } = JSON.parse(text) as { readonly name: string };
    if (name.startsWith(`${SCOPE}/`)) await symlink(join(sources, folder), join(modules, name));
    const own = join(REPOSITORY, folder, 'node_modules');
    if ((await readdir(own).catch(() => [])).length > 0) await symlink(own, join(sources, folder, 'node_modules'));
  }
}

/** The product as it was at a commit, made below `root` from its sources of then and the dependencies of now. */
export async function makeEarlierRelease(root: string, commit: string): Promise<Release> {
  const sources = join(root, 'earlier');
  const archive = join(root, 'earlier.tar');
  await mkdir(sources, { recursive: true });
  await run(['git', 'archive', '--output', archive, commit]);
  await run(['tar', '-xf', archive, '-C', sources]);
  await linkModules(sources);
  await run(['npm', 'run', '--silent', 'generate'], join(sources, 'packages', 'db'));
  const agentFile = await buildAgent(join(root, 'earlier-agent.mjs'), { repository: sources });
  return { sources, agentFile };
}
