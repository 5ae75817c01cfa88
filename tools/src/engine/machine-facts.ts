import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { listEngineCandidates } from './candidates.ts';
import type { MachineFacts, ProbedEngine } from './choose-engine.ts';
import { findDockerContext } from './docker-context.ts';
import { probeEngine } from './probe-engine.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Folders where Debian keeps daemons; they are not on every user's PATH. */
const DAEMON_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/usr/local/bin'];

/** The program's full path, as the shell would find it. */
export function findProgram(name: string, env: Environment): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter), ...DAEMON_FOLDERS].filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

/** Whether apt is this system's way to install; `text` is `/etc/os-release`. */
export const isDebianLike = (text: string): boolean => /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(text);

export function readMachineFacts(env: Environment): MachineFacts {
  return {
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    isDebian: isDebianLike(readOsRelease()),
    hasDockerd: findProgram('dockerd', env) !== undefined,
    hasInit: existsSync('/run/systemd/system'),
    userName: userInfo().username,
  };
}

/** Asks every place where an engine may listen, all at once. */
export async function probeEngines(env: Environment): Promise<readonly ProbedEngine[]> {
  const candidates = listEngineCandidates({
    platform: process.platform,
    homeFolder: homedir(),
    dockerHost: env['DOCKER_HOST'] || undefined,
    runtimeFolder: env['XDG_RUNTIME_DIR'] || undefined,
    context: findDockerContext(homedir(), env),
  });
  return Promise.all(candidates.map(async (candidate) => ({ ...candidate, answer: await probeEngine(candidate.address) })));
}
