import { expect, test } from '@playwright/test';
import type { AllocationId, ClusterId, NodeId, WorkloadId } from '@cloudless/proto';
import { startCluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';

const id = (prefix: string): string => `${prefix}_${'a'.repeat(26)}`;
const LIMITS = { settleMs: 10_000, starts: 0 };

test('the judge finds a restart that no fault explains, and a container that nobody wants', async () => {
  await using cluster = await startCluster({ seed: 1, devices: 1, apps: [1] });
  const { engine } = cluster.devices[0] ?? {};
  const container = engine?.containers[0];
  if (!engine || !container) throw new Error('no container runs');
  await judge(cluster, LIMITS).catch((cause: unknown) => expect(String(cause)).toContain('no write was acknowledged'));
  engine.crash(container.containerId, { code: 1 });
  await expect.poll(() => cluster.engines.starts).toBe(1);
  await expect(judge(cluster, LIMITS)).rejects.toThrow('engines started 1 containers, and the faults explain 0');

  const nobody = await engine.create(
    {
      owner: { clusterId: id('cluster') as ClusterId, nodeId: id('node') as NodeId },
      allocationId: id('alloc') as AllocationId,
      workloadId: id('wl') as WorkloadId,
      workloadName: 'nobodys',
      generation: 1,
      specHash: '',
      name: 'nobodys',
      image: 'chaos/app:1',
      env: {},
      limits: { cpuMillicores: 1, memoryBytes: 1, pids: 1 },
      ports: [],
      graceMs: 1,
      exclusive: false,
      readOnlyRoot: false,
      stdinOpen: false,
    },
    new AbortController().signal,
  );
  await engine.start(nobody, new AbortController().signal);
  await expect(judge(cluster, LIMITS)).rejects.toThrow('which nobody wants');
});
