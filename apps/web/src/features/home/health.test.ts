import type { CloudlessNode, Workload } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { computeHealth } from './health.ts';

const cause = { code: 'c', message: 'm' };
const node = (word: CloudlessNode['state']['word']) => ({ state: { word, cause, sinceAt: 0 } });
const app = (condition: Workload['status']['condition'], ready = 1, desired = 1) => ({
  status: { condition, cause, sinceAt: 0, desired, ready, observedGeneration: 1, unplaced: [] },
});

describe('the one sentence', () => {
  it('tells the worst there is', () => {
    expect(computeHealth([], []).kind).toBe('noDevice');
    expect(computeHealth([node('online')], []).kind).toBe('empty');
    expect(computeHealth([node('online')], [app('running')]).kind).toBe('good');
    expect(computeHealth([node('online')], [app('running'), app('starting', 0)]).kind).toBe('busy');
    expect(computeHealth([node('online'), node('lost')], [app('running'), app('starting', 0)]).kind).toBe('devicesAway');
    expect(computeHealth([node('lost')], [app('running'), app('unplaced', 0)]).kind).toBe('trouble');
    expect(computeHealth([node('online')], [app('stopped', 0, 0)]).kind).toBe('resting');
  });
  it('is never green over an app that does not run', () => {
    for (const condition of ['starting', 'updating', 'degraded', 'failing', 'unplaced', 'stopping', 'deleting'] as const)
      expect(computeHealth([node('online')], [app('running'), app(condition)]).tone).not.toBe('good');
  });
  it('counts replicas, and devices that are there', () => {
    const { params } = computeHealth([node('online'), node('left'), node('lost')], [app('running', 2, 3), app('failing', 0, 1)]);
    expect(params).toEqual({ devices: 1, apps: 1, count: 1, ready: 2, desired: 4 });
  });
});
