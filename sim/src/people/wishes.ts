import { workloadSpecSchema, type WorkloadRow, type WorkloadSpecInput } from '@cloudless/proto';
import type { Draw } from '../draw.ts';
import { IMAGE_NAMES } from '../images.ts';

const MIB = 2 ** 20;

/** What a person may want of an app. */
export type Change = Partial<Pick<WorkloadRow, 'spec' | 'runState' | 'deletedAt'>> & { readonly needsNewContainers?: boolean };

/** What becomes of it when its device is away. */
function drawPolicy(draw: Draw): Pick<WorkloadSpecInput, 'exclusive' | 'disconnect'> {
  const exclusive = draw.happens(0.25);
  if (draw.happens(0.4)) return { exclusive };
  return {
    exclusive,
    disconnect: {
      lostAfterMs: draw.pick([20_000, 60_000, 180_000]),
      stopAfterMs: draw.pick(exclusive ? [0, 15_000, 60_000] : [0, 0, 20_000, 120_000]),
      replace: draw.happens(0.8),
      reconcile: draw.pick(['keepOriginal', 'keepReplacement', 'longestRunning'] as const),
    },
  };
}

export function drawSpec(draw: Draw): WorkloadRow['spec'] {
  return workloadSpecSchema.parse({
    image: draw.pick(IMAGE_NAMES),
    args: [`--draw=${draw.between(0, 999)}`],
    replicas: draw.between(0, 4),
    resources: { requests: { cpuMillicores: draw.pick([100, 400, 900, 1800]), memoryBytes: draw.pick([64, 512]) * MIB } },
    ports: draw.happens(0.3) ? [{ name: 'http', containerPort: 8080, hostPort: draw.pick([0, 18_080]) }] : [],
    restartPolicy: { backoffMs: draw.pick([100, 1000]), maxRetries: draw.between(0, 5) },
    terminationGraceMs: draw.pick([100, 5000]),
    ...drawPolicy(draw),
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
