import { allocationIdSchema, clusterIdSchema, nodeIdSchema, workloadIdSchema } from '@cloudless/proto';
import { z } from 'zod';
import { LABEL } from '../docker/container-options.ts';
import type { ContainerPlan, Owner, PlannedPort } from '../runtime.ts';

const bindingSchema = z.array(z.object({ HostIp: z.string(), HostPort: z.string() }));

/** What the fake engine reads of a request for a container; a real one reads more. */
export const bodySchema = z.object({
  Image: z.string(),
  Labels: z.record(z.string(), z.string()),
  HostConfig: z.object({ PortBindings: z.record(z.string(), bindingSchema).default({}) }),
});
export type ContainerBody = z.infer<typeof bodySchema>;

export const filtersSchema = z.object({ label: z.array(z.string()).default([]) });

const labelOf = (labels: readonly string[], name: string): string | undefined =>
  labels.find((label) => label.startsWith(`${name}=`))?.slice(name.length + 1);

/** Whose containers are asked for. @throws ZodError when the filters do not say */
export const ownerOf = ({ label }: z.infer<typeof filtersSchema>): Owner => ({
  clusterId: clusterIdSchema.parse(labelOf(label, LABEL.cluster)),
  nodeId: nodeIdSchema.parse(labelOf(label, LABEL.node)),
});

function portsOf({ Labels, HostConfig }: ContainerBody): PlannedPort[] {
  const named = (Labels[LABEL.ports] ?? '').split(',').filter((part) => part !== '');
  return named.map((part) => {
    const [name = '', key = ''] = part.split('=');
    const [containerPort = '', protocol = ''] = key.split('/');
    const [binding] = HostConfig.PortBindings[key] ?? [];
    return {
      name,
      containerPort: Number(containerPort),
      hostPort: Number(binding?.HostPort ?? 0),
      protocol: protocol === 'udp' ? 'UDP' : 'TCP',
      expose: binding?.HostIp === '0.0.0.0' ? 'lan' : 'device',
    };
  });
}

/** The plan that an agent made the request of, as far as its labels tell. */
export function planOf(body: ContainerBody): ContainerPlan {
  const { Image, Labels } = body;
  return {
    owner: { clusterId: clusterIdSchema.parse(Labels[LABEL.cluster]), nodeId: nodeIdSchema.parse(Labels[LABEL.node]) },
    allocationId: allocationIdSchema.parse(Labels[LABEL.allocation]),
    workloadId: workloadIdSchema.parse(Labels[LABEL.workload]),
    workloadName: Labels[LABEL.workloadName] ?? '',
    generation: Number(Labels[LABEL.generation]),
    specHash: Labels[LABEL.specHash] ?? '',
    name: '',
    image: Image,
    env: {},
    limits: { cpuMillicores: 0, memoryBytes: 0, pids: 0 },
    ports: portsOf(body),
    graceMs: Number(Labels[LABEL.graceMs]),
    exclusive: Labels[LABEL.exclusive] === 'true',
    readOnlyRoot: false,
    stdinOpen: false,
  };
}
