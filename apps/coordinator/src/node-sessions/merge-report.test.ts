import { ALLOCATION_PHASES } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeReport } from './merge-report.ts';

const row = (observed: Parameters<typeof buildObserved>[0]) => ({
  ...buildAllocationRow(buildWorkloadRow('web'), buildNodeRow('laptop')),
  observed: buildObserved(observed),
});

describe('what a report makes of an allocation', () => {
  it('is nothing when it says what is known', () => expect(mergeReport(row({}), buildObserved())).toBeUndefined());

  it.each([
    ['an older generation', { generation: 2 }, { generation: 1 }],
    ['an earlier phase', { phase: 'running' }, { phase: 'pulling' }],
    ['life after the end', { phase: 'failed', ready: false }, { phase: 'running' }],
  ] as const)('is nothing of %s', (_what, before, reported) => expect(mergeReport(row(before), buildObserved(reported))).toBeUndefined());

  it('tells each thing that happened, with its cause', () => {
    const events = mergeReport(
      row({ phase: 'starting', ready: false }),
      buildObserved({
        phase: 'running',
        ready: true,
        restarts: 1,
        cause: { code: 'restarted', message: 'it exited with 1' },
        exit: { code: 1, oomKilled: false, at: 1 },
      }),
    )?.events;
    expect(events?.map(({ kind }) => kind)).toEqual(['allocation.started', 'allocation.restarted', 'allocation.ready']);
    expect(events?.[1]).toMatchObject({
      severity: 'warning',
      message: 'web[0] was restarted: it exited with 1',
      params: { exitCode: 1, restarts: 1 },
    });
  });

  it('never takes back a restart that was counted', () => {
    expect(mergeReport(row({ restarts: 3 }), buildObserved({ restarts: 0, ready: false }))?.observed.restarts).toBe(3);
  });

  it('never moves a phase back, in whatever order reports come, and comes to rest', () => {
    const reports = fc.array(
      fc.record({
        phase: fc.constantFrom(...ALLOCATION_PHASES),
        generation: fc.nat({ max: 3 }),
        restarts: fc.nat({ max: 3 }),
        ready: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(reports, (all) => {
        let current = row({ phase: 'pending', ready: false, generation: 0 });
        for (const report of all) {
          const merged = mergeReport(current, buildObserved(report));
          if (!merged) continue;
          expect(ALLOCATION_PHASES.indexOf(merged.observed.phase)).toBeGreaterThanOrEqual(
            ALLOCATION_PHASES.indexOf(current.observed.phase),
          );
          expect(merged.observed.restarts).toBeGreaterThanOrEqual(current.observed.restarts);
          current = { ...current, observed: merged.observed };
          expect(mergeReport(current, buildObserved(report))).toBeUndefined();
        }
      }),
    );
  });
});
