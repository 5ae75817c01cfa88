import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerPlan, Owner, PlannedPort } from '../runtime.ts';

export const LABEL = {
  cluster: 'io.cloudless.cluster',
  node: 'io.cloudless.node',
  allocation: 'io.cloudless.allocation',
  workload: 'io.cloudless.workload',
  workloadName: 'io.cloudless.workload-name',
  generation: 'io.cloudless.generation',
  specHash: 'io.cloudless.spec-hash',
  /** `name=port/protocol`, by comma: to name host ports again after a restart of the agent. */
  ports: 'io.cloudless.ports',
  graceMs: 'io.cloudless.grace-ms',
  /** It runs at most once: the watchdog stops it when its lease has lapsed. */
  exclusive: 'io.cloudless.exclusive',
} as const;

/**
 * What is left to a container's root of the kernel's capabilities, each with the reason. Docker's default also holds AUDIT_WRITE, FSETID,
 * MKNOD, NET_RAW, SETFCAP, SETPCAP and SYS_CHROOT: raw packets, device nodes and capability changes, which services do not need.
 */
const CAPABILITIES: readonly string[] = [
  /** Entrypoints of database images give their data folder to the service's user. */
  'CHOWN',
  /** …and then read and write in it before they step down. */
  'DAC_OVERRIDE',
  'FOWNER',
  /** Stepping down from root to the service's user (gosu, su-exec, nginx workers). */
  'SETUID',
  'SETGID',
  /** Ending the children that run as that user. */
  'KILL',
  /** Ports below 1024 inside the container. */
  'NET_BIND_SERVICE',
];

/** Log of the engine's own: what the agent has not read yet survives the agent for so many bytes. */
const ENGINE_LOG = { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } } as const;

export const ownerFilters = (owner: Owner): string[] => [`${LABEL.cluster}=${owner.clusterId}`, `${LABEL.node}=${owner.nodeId}`];

export const portKey = (port: Pick<PlannedPort, 'containerPort' | 'protocol'>): string =>
  `${port.containerPort}/${port.protocol.toLowerCase()}`;

/** The labels by which containers are found, adopted and told from everyone else's. */
function labelsOf(plan: ContainerPlan): Record<string, string> {
  return {
    [LABEL.cluster]: plan.owner.clusterId,
    [LABEL.node]: plan.owner.nodeId,
    [LABEL.allocation]: plan.allocationId,
    [LABEL.workload]: plan.workloadId,
    [LABEL.workloadName]: plan.workloadName,
    [LABEL.generation]: String(plan.generation),
    [LABEL.specHash]: plan.specHash,
    [LABEL.ports]: plan.ports.map((port) => `${port.name}=${portKey(port)}`).join(','),
    [LABEL.graceMs]: String(plan.graceMs),
    [LABEL.exclusive]: String(plan.exclusive),
  };
}

/**
 * The engine's options of a container: an allow-list, field by field. The engine's socket is root on the device, so nothing that a
 * person wrote reaches it but through this function.
 */
export function containerOptions(plan: ContainerPlan): ContainerCreateOptions {
  const bindings = plan.ports.map((port) => [
    portKey(port),
    [{ HostIp: port.expose === 'lan' ? '0.0.0.0' : '127.0.0.1', HostPort: port.hostPort === 0 ? '' : String(port.hostPort) }],
  ]);
  return {
    name: plan.name,
    Image: plan.image,
    ...(plan.command ? { Entrypoint: [...plan.command] } : {}),
    // A command of its own drops the image's arguments, as in Kubernetes.
    ...(plan.args ? { Cmd: [...plan.args] } : plan.command ? { Cmd: [] } : {}),
    Env: Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
    Labels: labelsOf(plan),
    ExposedPorts: Object.fromEntries(plan.ports.map((port) => [portKey(port), {}])),
    OpenStdin: plan.stdinOpen,
    StopTimeout: Math.ceil(plan.graceMs / 1000),
    HostConfig: {
      NanoCpus: plan.limits.cpuMillicores * 1_000_000,
      Memory: plan.limits.memoryBytes,
      // Equal to Memory: no swap beyond it.
      MemorySwap: plan.limits.memoryBytes,
      PidsLimit: plan.limits.pids,
      CapDrop: ['ALL'],
      CapAdd: [...CAPABILITIES],
      SecurityOpt: ['no-new-privileges:true'],
      PortBindings: Object.fromEntries(bindings) as Record<string, { HostIp: string; HostPort: string }[]>,
      // The agent restarts, so that each restart has its cause, its back-off and its limit.
      RestartPolicy: { Name: 'no' },
      Init: true,
      LogConfig: ENGINE_LOG,
      ReadonlyRootfs: plan.readOnlyRoot,
      Privileged: false,
      AutoRemove: false,
    },
  };
}
