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
function hostPortsOf(
  labels: Readonly<Record<string, string>>,
  bound: Dockerode.ContainerInspectInfo['NetworkSettings']['Ports'],
): Record<string, number> {
  const ports: Record<string, number> = {};
  for (const part of (labels[LABEL.ports] ?? '').split(',')) {
    const [name = '', key = ''] = part.split('=');
    const port = Number(bound[key]?.[0]?.HostPort);
    if (name !== '' && port > 0) ports[name] = port;
  }
  return ports;
}

/** A container in the agent's words; `undefined` when its labels name no allocation. */
export function observeContainer(inspected: Dockerode.ContainerInspectInfo): ObservedContainer | undefined {
  const labels = inspected.Config.Labels;
  const allocationId = allocationOf(labels);
  if (!allocationId) return undefined;
  const state = stateOf(inspected.State.Status);
  return {
    containerId: inspected.Id,
    allocationId,
    generation: Number(labels[LABEL.generation] ?? 0),
    specHash: labels[LABEL.specHash] ?? '',
    state,
    createdAt: Math.max(0, Date.parse(inspected.Created) || 0),
    graceMs: Number(labels[LABEL.graceMs] ?? 10_000),
    hostPorts: state === 'running' || state === 'paused' ? hostPortsOf(labels, inspected.NetworkSettings.Ports ?? {}) : {},
    ...(state === 'exited' ? { exit: exitOf(inspected.State) } : {}),
  };
}

const exitOf = (state: Dockerode.ContainerInspectInfo['State']): ContainerExit => ({
  code: state.ExitCode,
  oomKilled: state.OOMKilled,
  at: Math.max(0, Date.parse(state.FinishedAt) || 0),
});
