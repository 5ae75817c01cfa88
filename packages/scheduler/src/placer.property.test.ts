import fc from 'fast-check';
import type { NodeId, NodeRow } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { computeAsk } from './ask.ts';
import { createLedger } from './ledger.ts';
import { createPlacer, type Choice } from './placer.ts';
import { DEFAULT_WEIGHTS } from './score/weights.ts';
import { buildSnapshot } from './testing/index.ts';

const GIB = 2 ** 30;
const sample = buildNodeRow('sample');
const fingerprint = sample.fingerprint;

const nodeRow = fc
  .record({
    cpuMillicores: fc.constantFrom(0, 500, 1000, 1500, 2000, 7000),
    memoryBytes: fc.constantFrom(0, GIB, 2 * GIB, 5 * GIB),
    storageBytes: fc.constant(100 * GIB),
    link: fc.constantFrom('wired' as const, 'wifi' as const, 'mobile' as const),
  })
  .map(({ link, ...allocatable }): Omit<NodeRow, 'id' | 'name'> => ({
    ...sample,
    allocatable,
    ...(fingerprint ? { fingerprint: { ...fingerprint, link: { type: link } } } : {}),
  }));

it('one replica goes where the first of many would, for the same reason, though most nodes are not scored', () => {
  fc.assert(
    fc.property(
      fc.array(nodeRow, { maxLength: 40 }),
      fc.constantFrom(0, 100, 500, 1000),
      fc.constantFrom(0, GIB / 4, GIB),
      (rows, cpuMillicores, memoryBytes) => {
        const nodes = rows.map((row, index): NodeRow => ({ ...row, id: `node_${index}` as NodeId, name: `n${index}` }));
        const workload = buildWorkloadRow('web', { resources: { requests: { cpuMillicores, memoryBytes } } });
        const snapshot = buildSnapshot({ nodes, workloads: [workload] });
        const place = (wanted: number): Choice | undefined =>
          createPlacer(computeAsk(snapshot, workload), createLedger(snapshot), DEFAULT_WEIGHTS, wanted).place();
        expect(place(1)).toEqual(place(2));
      },
    ),
    { numRuns: 500 },
  );
});
