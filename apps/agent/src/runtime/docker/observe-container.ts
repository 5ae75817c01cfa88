import type Dockerode from 'dockerode';
import { allocationIdSchema, type AllocationId } from '@cloudless/proto';
import type { ContainerExit, ObservedContainer } from '../runtime.ts';
import { LABEL } from './container-options.ts';

/** The allocation that a container's labels name; `undefined` for a container that is none of ours. */
export function allocationOf(labels: Readonly<Record<string, string>> | undefined): AllocationId | undefined {
  const parsed = allocationIdSchema.safeParse(labels?.[LABEL.allocation]);
  return parsed.success ? parsed.data : undefined;
}

function stateOf(word: string): ObservedContainer['state'] {
  switch (word) {
    case 'running':
    case 'restarting':
      return 'running';
    case 'paused':
      return 'paused';
    case 'created':
    case 'configured':
      return 'created';
    default:
      return 'exited';
  }
}

/** Host ports by port name, from the label that names them and what the engine bound. */
function hostPortsOf(listed: Dockerode.ContainerInfo): Record<string, number> {
  const bound = new Map(listed.Ports.filter((port) => port.PublicPort > 0).map((port) => [`${port.PrivatePort}/${port.Type}`, port.PublicPort]));
  const names = (listed.Labels[LABEL.ports] ?? '').split(',').filter((part) => part.includes('='));
  const ports: Record<string, number> = {};
  for (const part of names) {
    const [name = '', key = ''] = part.split('=');
    const port = bound.get(key);
    if (port !== undefined) ports[name] = port;
  }
  return ports;
}

/** A listed container in the agent's words; `inspected` is needed once it has ended. */
export function observeContainer(listed: Dockerode.ContainerInfo, allocationId: AllocationId, inspected: Dockerode.ContainerInspectInfo | undefined): ObservedContainer {
  const state = stateOf(inspected?.State.Status ?? listed.State);
  const exit = state === 'exited' && inspected ? { exit: exitOf(inspected.State) } : {};
  return {
    containerId: listed.Id,
    allocationId,
    generation: Number(listed.Labels[LABEL.generation] ?? 0),
    specHash: listed.Labels[LABEL.specHash] ?? '',
    state,
    createdAt: listed.Created * 1000,
    graceMs: Number(listed.Labels[LABEL.graceMs] ?? 10_000),
    hostPorts: state === 'running' || state === 'paused' ? hostPortsOf(listed) : {},
    ...exit,
  };
}

const exitOf = (state: Dockerode.ContainerInspectInfo['State']): ContainerExit => ({
  code: state.ExitCode,
  oomKilled: state.OOMKilled,
  at: Math.max(0, Date.parse(state.FinishedAt) || 0),
});
