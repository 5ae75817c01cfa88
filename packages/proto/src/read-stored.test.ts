import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { allocationRowSchema } from './allocation.ts';
import { eventSchema, type ClusterEvent } from './events.ts';
import { nodeRowSchema } from './node.ts';
import { readStored } from './read-stored.ts';
import { buildAllocationRow, buildFingerprint, buildNodeRow, buildObserved, buildWorkloadRow, ofNextRelease } from './testing/index.ts';
import { workloadRowSchema } from './workload.ts';

const AT = 1_700_000_000_000;
const cause = { code: 'x', message: 'x', params: { count: 1 } };
const node = buildNodeRow('laptop', {
  lending: { hours: [{ days: [1], fromMinute: 60, untilMinute: 120 }] },
  drain: { sinceAt: AT, purpose: 'empty', cause },
  state: { word: 'online', cause, sinceAt: AT },
  fingerprint: buildFingerprint(),
});
const workload = buildWorkloadRow('web', { ports: [{ name: 'http', containerPort: 80 }], env: { A: 'b' } });
const allocation = buildAllocationRow(workload, node, 0, {
  desiredCause: cause,
  placement: { score: 1, terms: { spread: 1 }, message: 'fits', params: { percent: 1 } },
  observed: buildObserved({
    cause,
    hostPorts: { http: 1 },
    exit: { code: 1, oomKilled: false, at: AT },
    pull: { currentBytes: 1, totalBytes: 2 },
  }),
});
const event = {
  id: `ev_${'a'.repeat(26)}`,
  at: AT,
  revision: 1,
  kind: 'node.joined',
  severity: 'info',
  orgId: node.orgId,
  actor: { kind: 'system', name: 'coordinator' },
  params: {},
  message: 'x',
} as unknown as ClusterEvent;

const ROWS: readonly (readonly [string, z.ZodType, unknown])[] = [
  ['node', nodeRowSchema, node],
  ['workload', workloadRowSchema, workload],
  ['allocation', allocationRowSchema, allocation],
  ['event', eventSchema, event],
];

describe('what a later release stored', () => {
  it.each(ROWS)('a %s with fields at every level that this one does not know is read without them', (_name, schema, row) => {
    const json = JSON.stringify(ofNextRelease(row));
    expect(json.split('ofTheNextRelease').length).toBeGreaterThan(2);
    expect(schema.safeParse(JSON.parse(json)).success).toBe(false);
    expect(readStored(schema, json)).toEqual(schema.parse(row));
  });

  it('is refused for a value that this one does not know, and for a field that is missing', () => {
    const later = { ...workload, later: 1 };
    expect(() => readStored(workloadRowSchema, JSON.stringify({ ...later, runState: 'hibernating' }))).toThrow('runState');
    expect(() => readStored(workloadRowSchema, JSON.stringify({ ...later, name: undefined }))).toThrow('name');
  });

  it('is refused for a fault between fields that shows only without the unknown ones', () => {
    const spec = { ...workload.spec, exclusive: true, disconnect: { ...workload.spec.disconnect, stopAfterMs: 5000 }, later: 1 };
    expect(() => readStored(workloadRowSchema, JSON.stringify({ ...workload, spec }))).toThrow('lease');
  });
});
