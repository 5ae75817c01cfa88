import type { Allocation, Workload } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { judgeStillHere } from './still-here.ts';

const allocation = (nodeId: string, rest: Partial<Pick<Allocation, 'slot' | 'desired'>> = {}, phase = 'running') =>
  ({ nodeId, slot: 0, desired: 'running', observed: { phase }, ...rest }) as unknown as Allocation;
const app = (...slots: readonly number[]) => ({ status: { unplaced: slots.map((slot) => ({ slot })) } }) as unknown as Workload;

describe('a replica on a drained device', () => {
  const here = allocation('attic');
  it('moves to where another of its slot starts', () => {
    const there = allocation('cellar', {}, 'pulling');
    expect(judgeStillHere(here, [here, allocation('cellar', { slot: 1 }), there], app())).toEqual({ kind: 'moving', to: there });
  });
  it('is stuck with the reasons of its own slot', () => {
    expect(judgeStillHere(here, [here], app(1, 0))).toEqual({ kind: 'stuck', unplaced: { slot: 0 } });
  });
  it('is not stuck for a replica of its slot that ended elsewhere, nor for another slot', () => {
    expect(judgeStillHere(here, [here, allocation('cellar', {}, 'failed')], app(1)).kind).toBe('waiting');
  });
  it('stops once it was told to', () => {
    expect(judgeStillHere(allocation('attic', { desired: 'stopped' }), [], undefined).kind).toBe('stopping');
  });
});
