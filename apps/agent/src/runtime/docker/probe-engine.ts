import { accessSync } from 'node:fs';
import type Dockerode from 'dockerode';
import type { Cause, Engine } from '@cloudless/proto';
import type { EngineView } from '../runtime.ts';
import { readFault } from './docker-errors.ts';

type Info = {
  readonly NCPU?: number;
  readonly MemTotal?: number;
  readonly OSType?: string;
  readonly Architecture?: string;
  readonly ServerVersion?: string;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  readonly CgroupVersion?: string;
  readonly SecurityOptions?: readonly string[];
  readonly DockerRootDir?: string;
};
type Version = { readonly Components?: readonly { readonly Name: string }[] };

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', amd64: 'amd64', aarch64: 'arm64', arm64: 'arm64' };

/** The engine's name of a processor in the words of images. */
export const architectureOf = (word: string): string => ARCHITECTURES[word] ?? word;

/** What the engine says of itself. @throws whatever dockerode throws */
export async function readEngine(docker: Dockerode): Promise<EngineView> {
  const [info, version] = await Promise.all([docker.info() as Promise<Info>, docker.version() as Promise<Version>]);
  const engine: Engine = {
    state: 'ready',
    name: version.Components?.some(({ Name }) => /podman/i.test(Name)) ? 'podman' : 'docker',
    version: info.ServerVersion ?? 'unknown',
    platform: `${info.OSType ?? 'linux'}/${architectureOf(info.Architecture ?? 'unknown')}`,
    runtimes: Object.keys(info.Runtimes ?? {}).toSorted(),
    cgroup: info.CgroupVersion === '2' ? 'v2' : info.CgroupVersion === '1' ? 'v1' : 'unknown',
    rootless: info.SecurityOptions?.some((option) => option.includes('rootless')) ?? false,
  };
  return {
    engine,
    capacity: { cpuMillicores: (info.NCPU ?? 0) * 1000, memoryBytes: info.MemTotal ?? 0 },
    ...(info.DockerRootDir === undefined ? {} : { storageRoot: info.DockerRootDir }),
  };
}

const ENGINE_PROGRAMS = [
  '/usr/bin/dockerd',
  '/usr/sbin/dockerd',
  '/usr/local/bin/dockerd',
  '/usr/bin/podman',
  '/usr/local/bin/docker',
  '/opt/homebrew/bin/colima',
  '/Applications/Docker.app',
  '/Applications/OrbStack.app',
];

function isInstalled(): boolean {
  return ENGINE_PROGRAMS.some((path) => {
    try {
      accessSync(path);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why the engine does not answer, told apart, with the exact remedy. */
export function explainAbsence(
  cause: unknown,
  socketPath: string,
  platform: NodeJS.Platform,
  installed: () => boolean = isInstalled,
): Engine {
  const { code, text } = readFault(cause);
  const start = platform === 'darwin' ? 'open Docker Desktop (or run `colima start`)' : 'run `sudo systemctl start docker`';
  const because = (engineCode: string, message: string): Cause => ({
    code: engineCode,
    message,
    params: { socket: socketPath, said: text },
  });
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return {
        state: 'forbidden',
        cause: because(
          'engine_forbidden',
          `This user may not use ${socketPath}: run \`sudo usermod -aG docker $USER\`, then sign out and in again.`,
        ),
      };
    case 'ENOENT':
      if (!installed()) {
        const install =
          platform === 'darwin'
            ? 'install Docker Desktop from docker.com'
            : 'run `sudo apt-get install docker.io` (Debian, Ubuntu) or install Docker from docs.docker.com';
        return {
          state: 'absent',
          cause: because('engine_absent', `No container engine was found (${socketPath} does not exist): ${install}.`),
        };
      }
      return {
        state: 'stopped',
        cause: because('engine_stopped', `The container engine is stopped (${socketPath} does not exist): ${start}.`),
      };
    case 'ECONNREFUSED':
      return {
        state: 'stopped',
        cause: because('engine_stopped', `The container engine is stopped (nothing answers on ${socketPath}): ${start}.`),
      };
    default:
      return {
        state: 'failing',
        cause: because(
          'engine_failing',
          `The container engine on ${socketPath} answered wrongly: ${text}. Restart it; if it stays, read its log (\`journalctl -u docker\`).`,
        ),
      };
  }
}
