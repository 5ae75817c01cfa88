import type { LiveChange, Usage } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { applyChanges, applyListed } from './apply-changes.ts';
import { EMPTY_STATE, MAX_EVENTS, MAX_SAMPLES, USAGE_WINDOW_MS } from './live-state.ts';

const change = (value: unknown): LiveChange => value as LiveChange;
const workload = (revision: number) => change({ kind: 'workload', workload: { id: 'wl_a', revision } });
const event = (id: string, revision: number) => change({ kind: 'event', event: { id, revision, at: revision } });
const sample = (at: number): Usage => ({ at, cpuMillicores: 1, memoryBytes: 1 });
const usage = (at: number) =>
  change({ kind: 'usage', nodeId: 'node_a', usage: sample(at), allocations: [{ allocationId: 'alloc_a', usage: sample(at) }] });

describe('changes', () => {
  it('never go back to an older revision of an app', () => {
    const state = applyChanges(EMPTY_STATE, [workload(5), workload(4)], 0);
    expect([...state.workloads.values()].map(({ revision }) => revision)).toEqual([5]);
  });
  it('keep the maps that they do not touch, so that who reads those is not drawn again', () => {
    const state = applyChanges(EMPTY_STATE, [workload(1)], 0);
    expect(state.nodes).toBe(EMPTY_STATE.nodes);
    expect(state.workloads).not.toBe(EMPTY_STATE.workloads);
    expect(EMPTY_STATE.workloads.size).toBe(0);
  });
  it('keep events newest first, each once, and no more than fit', () => {
    const many = Array.from({ length: MAX_EVENTS + 20 }, (_, index) => event(`ev_${index}`, index));
    const { events } = applyChanges(EMPTY_STATE, [...many, event('ev_3', 3)], 0);
    expect(events.length).toBe(MAX_EVENTS);
    expect(events[0]?.revision).toBe(MAX_EVENTS + 19);
    expect(new Set(events.map(({ id }) => id)).size).toBe(MAX_EVENTS);
  });
  it('keep samples in order, of the last quarter of an hour', () => {
    const at = 10 * USAGE_WINDOW_MS;
    const { nodeUsage, allocationUsage } = applyChanges(EMPTY_STATE, [usage(at - USAGE_WINDOW_MS - 1), usage(at), usage(at - 5)], 0);
    expect([...nodeUsage.values()][0]?.map((each) => each.at)).toEqual([at]);
    expect([...allocationUsage.values()][0]?.map((each) => each.at)).toEqual([at]);
    const many = Array.from({ length: MAX_SAMPLES + 5 }, (_, index) => usage(at + index));
    expect([...applyChanges(EMPTY_STATE, many, 0).nodeUsage.values()][0]?.length).toBe(MAX_SAMPLES);
  });
  it('tell since when the coordinator itself may be out of date, until it is certain again', () => {
    const stale = applyChanges(EMPTY_STATE, [change({ kind: 'tick', at: 1000, staleSince: 400 })], 1000);
    expect(stale.staleSince).toBe(400);
    expect(applyChanges(stale, [change({ kind: 'tick', at: 2000 })], 2000).staleSince).toBeUndefined();
  });
  it('tell a clock that differs from one that is merely late', () => {
    expect(applyChanges(EMPTY_STATE, [change({ kind: 'tick', at: 1500 })], 1000).skewMs).toBe(0);
    expect(applyChanges(EMPTY_STATE, [change({ kind: 'tick', at: 61_000 })], 1000).skewMs).toBe(60_000);
  });
});

describe('a list', () => {
  it('tell of another release than that of the page, until the page is of it again', () => {
    const tick = (version?: string) => change({ kind: 'tick', at: 0, ...(version === undefined ? {} : { version }) });
    const first = applyChanges(EMPTY_STATE, [tick('1.0.0'), tick()], 0);
    expect(first.newVersion).toBeUndefined();
    const updated = applyChanges(first, [tick('1.1.0'), tick()], 0);
    expect(updated.newVersion).toBe('1.1.0');
    expect(applyChanges(updated, [tick('1.0.0')], 0).newVersion).toBeUndefined();
  });
  it('takes away what is not in it, and keeps what was sampled', () => {
    const before = applyChanges(EMPTY_STATE, [workload(1), usage(1)], 0);
    const after = applyListed(before, { nodes: [], workloads: [], allocations: [], events: [], joins: [] }, 9);
    expect(after.workloads.size).toBe(0);
    expect(after.nodeUsage).toBe(before.nodeUsage);
    expect(after).toMatchObject({ loaded: true, heardAt: 9 });
  });
});
