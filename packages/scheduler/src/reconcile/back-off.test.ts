import type { AllocationRow } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { decidePlan } from '../decide-plan.ts';
import { buildSnapshot, createWorld } from '../testing/index.ts';
import { causes } from './causes.ts';
import { computeBackOff, readBackOff, STABLE_AFTER_MS } from './back-off.ts';

const NOW = 1_700_000_100_000;
const laptop = buildNodeRow('laptop');
const web = buildWorkloadRow('web');
const failedAfter = (livedMs: number): AllocationRow =>
  buildAllocationRow(web, laptop, 0, { createdAt: 0, observed: buildObserved({ phase: 'failed', ready: false, sinceAt: livedMs }) });

describe('back-off', () => {
  it('doubles from 1 s to 5 min, of which a fifth is drawn', () => {
    for (const [tries, full] of [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000].entries()) {
      const last = tries === 0 ? undefined : { attempt: tries, retryAt: 0 };
      const { attempt, retryAt } = computeBackOff(failedAfter(1000), last, NOW, 7);
      expect(attempt).toBe(tries + 1);
      expect(retryAt - NOW).toBeGreaterThanOrEqual(full * 0.8);
      expect(retryAt - NOW).toBeLessThanOrEqual(full);
    }
  });

  it('is told as one sentence, whatever the cause beneath it ends with', () => {
    const failed = { observed: { cause: { code: 'exited', message: 'It ended, 5 times in a row.' } } } as AllocationRow;
    expect(causes.failed(failed, 2, NOW + 4000, NOW).message).toBe('failed: It ended, 5 times in a row; next try in 4 s (try 2)');
  });

  it('starts over after an allocation that lived long', () => {
    expect(computeBackOff(failedAfter(STABLE_AFTER_MS), { attempt: 7, retryAt: 0 }, NOW, 7).attempt).toBe(1);
  });

  it('spreads slots that failed together', () => {
    const times = new Set(
      Array.from(
        { length: 20 },
        (_, slot) => computeBackOff(buildAllocationRow(web, laptop, slot), { attempt: 6, retryAt: 0 }, NOW, 7).retryAt,
      ),
    );
    expect(times.size).toBeGreaterThan(15);
  });

  it('is written into the plan that gives an allocation up, and read from there', () => {
    const world = createWorld([laptop], [web]);
    world.converge();
    const [row] = world.allocations();
    if (row) world.observe(row.id, { phase: 'failed', ready: false });
    const plan = decidePlan(world.snapshot());
    world.apply(plan);
    const [given] = world.allocations();
    expect(given && readBackOff(given)).toEqual({ attempt: 1, retryAt: plan.wakeAt });
    expect(plan).toMatchObject({ place: [], why: [{ unplaced: [{ slot: 0, retryAt: plan.wakeAt, reasons: [{ filter: 'backOff' }] }] }] });
  });

  it('holds a slot until its time, and lets it go then', () => {
    const retryAt = NOW + 4000;
    const failed = buildAllocationRow(web, laptop, 0, {
      desired: 'stopped',
      desiredCause: { code: 'failed', message: 'failed', params: { attempt: 3, retryAt } },
      observed: buildObserved({ phase: 'failed', ready: false }),
    });
    const at = (now: number) => decidePlan(buildSnapshot({ nodes: [laptop], workloads: [web], allocations: [failed], now }));
    expect(at(retryAt - 1)).toMatchObject({ place: [], wakeAt: retryAt });
    expect(at(retryAt)).toMatchObject({ place: [{ slot: 0, cause: { code: 'replacesFailed', params: { attempt: 4 } } }] });
  });

  it('does not hold a slot of a changed template', () => {
    const failed = buildAllocationRow(web, laptop, 0, {
      desired: 'stopped',
      desiredCause: { code: 'failed', message: 'failed', params: { attempt: 9, retryAt: NOW + 300_000 } },
      observed: buildObserved({ phase: 'failed', ready: false }),
    });
    const changed = { ...web, generation: 2, templateGeneration: 2 };
    expect(decidePlan(buildSnapshot({ nodes: [laptop], workloads: [changed], allocations: [failed], now: NOW })).place).toHaveLength(1);
  });
});
