import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startCandidates, type CandidatePlan, type Fate } from './testing/candidates.ts';

/** Longest time from the end of all faults until one leads, in ms: a lease, the candidates' polls, a late request and a takeover. */
const BOUND_MS = 10_000;

const fates = fc.array(fc.constantFrom<Fate>('ok', 'ok', 'ok', 'ok', 'requestLost', 'answerLost', 'late'), { maxLength: 40 });
const rates = fc.constantFrom(0.99, 0.995, 1, 1.005, 1.01);
const lossless = rates.map((rate): CandidatePlan => ({ rate, fate: () => 'ok' }));
const lossy = fc.tuple(rates, fates).map(([rate, list]): CandidatePlan => ({ rate, fate: (n) => list[n - 1] ?? 'ok' }));
const candidate = fc.nat({ max: 2 });
const waitMs = fc.integer({ min: 50, max: 3_000 });

type Fault =
  | { readonly kind: 'freeze'; readonly candidate: number; readonly forMs: number }
  | { readonly kind: 'kill'; readonly candidate: number; readonly downMs: number }
  | { readonly kind: 'stopCleanly'; readonly candidate: number }
  | { readonly kind: 'outage'; readonly forMs: number };

const outage = fc.record({ kind: fc.constant('outage' as const), forMs: fc.integer({ min: 50, max: 12_000 }) });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('freeze' as const), candidate, forMs: fc.integer({ min: 50, max: 9_000 }) }),
  fc.record({ kind: fc.constant('kill' as const), candidate, downMs: fc.integer({ min: 0, max: 6_000 }) }),
  fc.record({ kind: fc.constant('stopCleanly' as const), candidate }),
  outage,
);
const scheduleOf = (faults: fc.Arbitrary<Fault>) => fc.array(fc.tuple(waitMs, faults), { maxLength: 8 });

async function play(plans: readonly CandidatePlan[], schedule: readonly (readonly [number, Fault])[], proofs: boolean) {
  const candidates = await startCandidates(plans, { proofs });
  for (const [beforeMs, next] of schedule) {
    await candidates.advance(beforeMs);
    if (next.kind === 'freeze') candidates.freeze(next.candidate, next.forMs);
    if (next.kind === 'kill') candidates.kill(next.candidate, next.downMs);
    if (next.kind === 'stopCleanly') candidates.stopCleanly(next.candidate);
    if (next.kind === 'outage') {
      candidates.setOutage(true);
      await candidates.advance(next.forMs);
      candidates.setOutage(false);
    }
  }
  return candidates;
}

describe('candidates on one store', () => {
  it('never hold the lead two at once by their own counts, whatever is paused, lost, killed or away', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(lossy, { minLength: 2, maxLength: 3 }),
        scheduleOf(fault),
        fc.boolean(),
        async (plans, schedule, proofs) => {
          const candidates = await play(plans, schedule, proofs);
          await candidates.advance(8_000);
          const { overlaps } = candidates;
          await candidates.stop();
          expect(overlaps).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);

  it('never take over because the store was away', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lossless, { minLength: 2, maxLength: 3 }), scheduleOf(outage), async (plans, schedule) => {
        const played = await play(plans, [[2_000, { kind: 'outage', forMs: 100 }], ...schedule], false);
        await played.advance(8_000);
        const { takeovers } = played;
        await played.stop();
        expect(takeovers.map(({ cause }) => cause)).toEqual(['vacant']);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it(`have one leader within ${BOUND_MS} ms of the last fault`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lossy, { minLength: 2, maxLength: 3 }), scheduleOf(fault), async (plans, schedule) => {
        const candidates = await play(plans, schedule, true);
        candidates.heal();
        await candidates.advance(BOUND_MS);
        const holders = candidates.holders().length;
        await candidates.stop();
        expect(holders).toBe(1);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
