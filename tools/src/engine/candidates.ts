import { join } from 'node:path';

/** Where an engine may listen, who would have put it there, and how it is started when it does not answer. */
export type EngineCandidate = {
  readonly source: string;
  /** As DOCKER_HOST has it: `unix:///path`; other schemes are named, not served. */
  readonly address: string;
  /** Exact command or action that starts it. */
  readonly startWith: string;
};

export type EngineSurroundings = {
  readonly platform: string;
  readonly homeFolder: string;
  readonly dockerHost: string | undefined;
  readonly runtimeFolder: string | undefined;
  /** The current Docker context, when one is chosen. */
  readonly context: { readonly name: string; readonly address: string } | undefined;
};

/**
 * Every place to look, in the order in which the docker command and people's habits prefer them. DOCKER_HOST is an order, not a
 * hint: nothing else is tried beside it.
 */
export function listEngineCandidates(around: EngineSurroundings): readonly EngineCandidate[] {
  if (around.dockerHost)
    return [
      { source: 'DOCKER_HOST', address: around.dockerHost, startWith: `start the engine at ${around.dockerHost}, or unset DOCKER_HOST` },
    ];
  const home = (...parts: readonly string[]): string => `unix://${join(around.homeFolder, ...parts)}`;
  const isMac = around.platform === 'darwin';
  const desktop = isMac ? 'open -a Docker' : 'systemctl --user start docker-desktop';
  const candidates: (EngineCandidate | false)[] = [
    around.context !== undefined && {
      source: `Docker context "${around.context.name}"`,
      address: around.context.address,
      startWith: `start the engine of the context, or \`docker context use default\``,
    },
    { source: 'Docker', address: 'unix:///var/run/docker.sock', startWith: isMac ? desktop : 'sudo systemctl start docker' },
    {
      source: 'Docker Desktop',
      address: isMac ? home('.docker', 'run', 'docker.sock') : home('.docker', 'desktop', 'docker.sock'),
      startWith: desktop,
    },
    { source: 'OrbStack', address: home('.orbstack', 'run', 'docker.sock'), startWith: 'orb start' },
    { source: 'Colima', address: home('.colima', 'default', 'docker.sock'), startWith: 'colima start' },
    { source: 'Colima', address: home('.config', 'colima', 'default', 'docker.sock'), startWith: 'colima start' },
    around.runtimeFolder !== undefined && {
      source: 'rootless Docker',
      address: `unix://${join(around.runtimeFolder, 'docker.sock')}`,
      startWith: 'systemctl --user start docker',
    },
    around.runtimeFolder !== undefined && {
      source: 'rootless Podman',
      address: `unix://${join(around.runtimeFolder, 'podman', 'podman.sock')}`,
      startWith: 'systemctl --user start podman.socket',
    },
    isMac && {
      source: 'Podman',
      address: home('.local', 'share', 'containers', 'podman', 'machine', 'podman.sock'),
      startWith: 'podman machine start',
    },
    !isMac && { source: 'Podman', address: 'unix:///run/podman/podman.sock', startWith: 'sudo systemctl start podman.socket' },
  ];
  const seen = new Set<string>();
  return candidates.filter((candidate) => candidate !== false).filter(({ address }) => !seen.has(address) && seen.add(address));
}
