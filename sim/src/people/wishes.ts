import { workloadSpecSchema, type WorkloadRow } from '@cloudless/proto';
import type { Draw } from '../draw.ts';
import { IMAGE_NAMES } from '../images.ts';

const MIB = 2 ** 20;

/** What a person may want of an app. */
export type Change = Partial<Pick<WorkloadRow, 'spec' | 'runState' | 'deletedAt'>> & { readonly needsNewContainers?: boolean };

export function drawSpec(draw: Draw): WorkloadRow['spec'] {
  return workloadSpecSchema.parse({
    image: draw.pick(IMAGE_NAMES),
    args: [`--draw=${draw.between(0, 999)}`],
    replicas: draw.between(0, 4),
    resources: { requests: { cpuMillicores: draw.pick([100, 400, 900, 1800]), memoryBytes: draw.pick([64, 512]) * MIB } },
    ports: draw.happens(0.3) ? [{ name: 'http', containerPort: 8080, hostPort: draw.pick([0, 18_080]) }] : [],
    restartPolicy: { backoffMs: draw.pick([100, 1000]), maxRetries: draw.between(0, 5) },
    terminationGraceMs: draw.pick([100, 5000]),
  });
}

export function drawChange(draw: Draw, { spec, runState }: WorkloadRow, now: number): Change {
  const kind = draw.pick(['scale', 'scale', 'update', 'restart', 'toggle', 'delete'] as const);
  switch (kind) {
    case 'scale':
      return { spec: { ...spec, replicas: draw.between(0, 5) } };
    case 'update':
      return { spec: { ...drawSpec(draw), replicas: spec.replicas }, needsNewContainers: true };
    case 'restart':
      return { needsNewContainers: true };
    case 'toggle':
      return { runState: runState === 'running' ? 'stopped' : 'running' };
    case 'delete':
      return { deletedAt: now };
  }
}
