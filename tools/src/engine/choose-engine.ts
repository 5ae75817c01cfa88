import type { EngineCandidate } from './candidates.ts';
import type { EngineAnswer } from './probe-engine.ts';

export type ProbedEngine = EngineCandidate & { readonly answer: EngineAnswer };

export type MachineFacts = {
  readonly platform: string;
  readonly isRoot: boolean;
  /** Debian, Ubuntu and what derives from them: apt can install an engine. */
  readonly isDebian: boolean;
  readonly hasDockerd: boolean;
  /** An init that keeps services runs (systemd). */
  readonly hasInit: boolean;
  readonly userName: string;
};

export type EngineChoice =
  | { readonly kind: 'use'; readonly engine: ProbedEngine & { readonly answer: { readonly kind: 'answers' } } }
  /** An engine is installed, nothing keeps it running, and we may: start it ourselves. */
  | { readonly kind: 'start'; readonly by: 'init' | 'ourselves' }
  | { readonly kind: 'install' }
  | {
      readonly kind: 'none';
      readonly state: 'absent' | 'stopped' | 'no permission' | 'broken';
      readonly problem: string;
      readonly remedy: string;
    };

const answers = (engine: ProbedEngine): engine is ProbedEngine & { answer: { kind: 'answers' } } => engine.answer.kind === 'answers';

/**
 * What to do about a container engine: the first that answers is used. Else the reason nearest to working wins: a socket we may
 * not open, then one that nobody serves, then what broke, then nothing at all.
 */
export function chooseEngine(probed: readonly ProbedEngine[], machine: MachineFacts): EngineChoice {
  const found = probed.filter(answers);
  const linux = found.find((engine) => engine.answer.osType === 'linux');
  if (linux) return { kind: 'use', engine: linux };
  const [other] = found;
  if (other) return broken(other, `runs ${other.answer.platform} containers`, 'switch it to Linux containers');

  const barred = probed.find((engine) => engine.answer.kind === 'no-permission');
  if (barred)
    return {
      kind: 'none',
      state: 'no permission',
      problem: `${barred.source} runs at ${barred.address}, but this user may not use it`,
      remedy: permissionRemedy(barred, machine),
    };
  const system = probed.some((engine) => engine.address === 'unix:///var/run/docker.sock');
  if (machine.isRoot && machine.platform === 'linux' && machine.hasDockerd && system)
    return { kind: 'start', by: machine.hasInit ? 'init' : 'ourselves' };
  const stopped = probed.find((engine) => engine.answer.kind === 'stopped' || engine.answer.kind === 'silent');
  if (stopped)
    return {
      kind: 'none',
      state: 'stopped',
      problem: `${stopped.source} is stopped: nothing answers at ${stopped.address}`,
      remedy: stopped.startWith,
    };
  for (const engine of probed) {
    if (engine.answer.kind === 'failed') return broken(engine, `answers wrongly: ${engine.answer.reason}`, engine.startWith);
    if (engine.answer.kind === 'unsupported')
      return broken(
        engine,
        `is reached by ${engine.answer.scheme}, which the agent does not speak`,
        'use a unix:// address in DOCKER_HOST, or unset it',
      );
  }
  if (system && machine.hasDockerd && machine.platform === 'linux')
    return { kind: 'none', state: 'stopped', problem: 'Docker is installed but stopped', remedy: 'sudo systemctl start docker' };
  if (system && machine.isRoot && machine.isDebian) return { kind: 'install' };
  return { kind: 'none', state: 'absent', problem: absentProblem(probed), remedy: installRemedy(machine) };
}

function absentProblem(probed: readonly ProbedEngine[]): string {
  const [only] = probed;
  return probed.length === 1 && only
    ? `there is no container engine at ${only.address} (${only.source})`
    : 'there is no container engine on this machine';
}

function broken(engine: ProbedEngine, why: string, remedy: string): EngineChoice {
  return { kind: 'none', state: 'broken', problem: `${engine.source} at ${engine.address} ${why}`, remedy };
}

function permissionRemedy(engine: ProbedEngine, machine: MachineFacts): string {
  if (engine.address === 'unix:///var/run/docker.sock')
    return `sudo usermod -aG docker ${machine.userName}, then sign out and in again (members of this group are as good as root)`;
  return `give ${machine.userName} access to ${engine.address.replace('unix://', '')}`;
}

function installRemedy(machine: MachineFacts): string {
  if (machine.platform === 'darwin') return 'install Docker Desktop, OrbStack or Colima (brew install colima docker && colima start)';
  if (machine.isDebian) return 'sudo apt-get install docker.io, then sudo usermod -aG docker $USER and sign in again';
  return 'install Docker (https://docs.docker.com/engine/install/) or Podman';
}
