import type { Mutation, Store } from '@cloudless/db';
import { buildAllocationRow, buildNodeRow, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createCrashPoint, withCrashPoints } from './crash-points.ts';

const workload = buildWorkloadRow();
const allocation = buildAllocationRow(workload, buildNodeRow());
const put = (table: 'workload' | 'allocation', expectVersion: number | 'absent'): Mutation =>
  ({ kind: 'put', table, row: table === 'workload' ? workload : allocation, expect: expectVersion }) as Mutation;

async function passedBy(mutations: readonly Mutation[]): Promise<readonly string[]> {
  const passed: string[] = [];
  const store = { commit: () => Promise.resolve({ kind: 'committed', revision: 1 }) } as unknown as Store;
  await withCrashPoints(store, (name) => passed.push(name)).commit({ id: 'batch_x' as never, mutations });
  return passed;
}

describe('crash points', () => {
  it('name what a batch does', async () => {
    expect(await passedBy([put('workload', 'absent')])).toEqual(['deploy.beforeCommit', 'deploy.afterCommit']);
    expect(await passedBy([put('allocation', 'absent')])).toEqual(['placement.beforeCommit', 'placement.afterCommit']);
    expect(await passedBy([put('workload', 'absent'), put('allocation', 'absent')])).toEqual([
      'deploy.beforeCommit',
      'placement.beforeCommit',
      'deploy.afterCommit',
      'placement.afterCommit',
    ]);
    expect(await passedBy([put('allocation', 3)])).toEqual(['report.beforeCommit', 'report.afterCommit']);
    expect(await passedBy([put('workload', 3)])).toEqual([]);
  });

  it('kill at the one that is named, and nowhere else', () => {
    let killed = 0;
    const pass = createCrashPoint('people.afterClaim', () => (killed += 1));
    pass('people.beforeClaim');
    expect(killed).toBe(0);
    pass('people.afterClaim');
    expect(killed).toBe(1);
  });
});
