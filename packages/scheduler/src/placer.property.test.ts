import fc from 'fast-check';
import type { NodeId, NodeRow, ProjectId } from '@cloudless/proto';
import { buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import { computeAsk } from './ask.ts';
import { findRefusal } from './feasible/filters.ts';
import { createLedger } from './ledger.ts';
import { NO_NODES } from './node-list.ts';
import { createPlacer, type Choice } from './placer.ts';
import { scanNodes } from './scan.ts';
import { computeScore } from './score/score.ts';
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

/** Nodes with the names of their positions. */
const toRows = (rows: readonly Omit<NodeRow, 'id' | 'name'>[]): NodeRow[] =>
  rows.map((row, index): NodeRow => ({ ...row, id: `node_${index}` as NodeId, name: `n${index}` }));

it('replicas go where the first of many would, for the same reasons, however few are wanted and though most nodes are not scored', () => {
  fc.assert(
    fc.property(
      fc.array(nodeRow, { maxLength: 40 }),
      fc.constantFrom(0, 100, 500, 1000),
      fc.constantFrom(0, GIB / 4, GIB),
      fc.integer({ min: 1, max: 12 }),
      (rows, cpuMillicores, memoryBytes, wanted) => {
        const workload = buildWorkloadRow('web', { resources: { requests: { cpuMillicores, memoryBytes } } });
        const snapshot = buildSnapshot({ nodes: toRows(rows), workloads: [workload] });
        const place = (keeping: number): (Choice | undefined)[] => {
          const placer = createPlacer(computeAsk(snapshot, workload), createLedger(snapshot), DEFAULT_WEIGHTS, keeping);
          return Array.from({ length: wanted }, () => placer.place());
        };
        expect(place(wanted)).toEqual(place(100));
      },
    ),
    { numRuns: 500 },
  );
});

it('a scan finds of each node what the filters and the score say of it', () => {
  fc.assert(
    fc.property(
      fc.array(nodeRow, { maxLength: 12 }),
      fc.array(fc.record({ cordoned: fc.boolean(), project: fc.constantFrom(undefined, 'own', 'other'), leases: fc.boolean() }), {
        minLength: 12,
        maxLength: 12,
      }),
      fc.boolean(),
      fc.constantFrom(0, 500, 1000),
      (rows, traits, exclusive, cpuMillicores) => {
        const workload = buildWorkloadRow('web', { exclusive, resources: { requests: { cpuMillicores, memoryBytes: GIB } } });
        const nodes = toRows(rows).map((row, index): NodeRow => {
          const { cordoned, project, leases } = traits[index] ?? { cordoned: false, project: undefined, leases: false };
          const projects = [project === 'own' ? workload.projectId : (`prj_${'z'.repeat(26)}` as ProjectId)];
          return {
            ...row,
            schedulable: !cordoned,
            ...(project ? { lending: { projects } } : {}),
            ...(row.fingerprint ? { fingerprint: { ...row.fingerprint, leases } } : {}),
          };
        });
        const snapshot = buildSnapshot({ nodes, workloads: [workload] });
        const ask = computeAsk(snapshot, workload);
        const found: [number, number][] = [];
        const list = snapshot.nodesOfOrg.get(workload.orgId) ?? NO_NODES;
        const fitting = scanNodes(ask, DEFAULT_WEIGHTS, list, undefined, (...one) => {
          found.push(one);
          return -Infinity;
        });
        const expected = list.nodes.flatMap((node, position) =>
          findRefusal(ask, node) ? [] : [[position, computeScore(ask, node, DEFAULT_WEIGHTS)]],
        );
        expect(found).toEqual(expected);
        expect(fitting).toBe(expected.length);
      },
    ),
    { numRuns: 500 },
  );
});
