import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decidePlan } from './decide-plan.ts';
import { decideNewWorkload } from './new-workload.ts';
import { createWorld } from './testing/index.ts';

const GIB = 2 ** 30;
const node = fc.record({
  cpuMillicores: fc.integer({ min: 0, max: 4000 }),
  memoryGib: fc.integer({ min: 0, max: 8 }),
  schedulable: fc.boolean(),
});
const workload = fc.record({
  replicas: fc.integer({ min: 0, max: 5 }),
  cpuMillicores: fc.integer({ min: 0, max: 1200 }),
  memoryGib: fc.integer({ min: 0, max: 2 }),
  exclusive: fc.boolean(),
  hostPort: fc.constantFrom(0, 0, 8080),
});

it('a workload that is decided before it is there goes where it would go once it is, or is left to that decision', () => {
  let placed = 0;
  fc.assert(
    fc.property(fc.array(node, { maxLength: 6 }), fc.array(workload, { minLength: 1, maxLength: 4 }), (nodes, workloads) => {
      const rows = workloads.map(({ cpuMillicores, memoryGib, hostPort, ...spec }, index) =>
        buildWorkloadRow(
          `wl${'abcd'[index] ?? ''}`,
          {
            ...spec,
            resources: { requests: { cpuMillicores, memoryBytes: memoryGib * GIB } },
            ports: [{ name: 'http', containerPort: 80, hostPort }],
          },
          { createdAt: index },
        ),
      );
      const world = createWorld(
        nodes.map(({ memoryGib, cpuMillicores, schedulable }, index) =>
          buildNodeRow(`node${'abcdef'[index] ?? ''}`, {
            allocatable: { cpuMillicores, memoryBytes: memoryGib * GIB, storageBytes: 1024 * GIB },
            schedulable,
          }),
        ),
        rows.slice(0, -1),
      );
      world.converge();
      const made = rows.at(-1);
      if (!made) return;
      const early = decideNewWorkload(world.snapshot(), made);
      world.workloads.set(made.id, made);
      const { place } = decidePlan(world.snapshot());
      expect(early?.place ?? 'left').toEqual(place.length === made.spec.replicas ? place : 'left');
      placed += early?.place.length ?? 0;
    }),
    { numRuns: 500 },
  );
  expect(placed).toBeGreaterThan(0);
});
