import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { expect, it } from 'vitest';
import { createAdmission } from './admission.ts';

/** A door for two at once, with room for two more that wait up to 5 s. */
function open() {
  const clock = createManualClock();
  const admission = createAdmission({ clock, entropy: createSeededEntropy(3), atOnce: 2, queueLimit: 2, waitMs: 5000 });
  const said: string[] = [];
  const retries: number[] = [];
  const enter = (name: string): (() => void) =>
    admission.enter({
      admitted: () => void said.push(`${name} in`),
      refused(retryAfterMs) {
        said.push(`${name} refused`);
        retries.push(retryAfterMs);
      },
    });
  return { clock, enter, retries, take: () => said.splice(0) };
}

it('lets some in at once, and the others in the order in which they came', () => {
  const { enter, take } = open();
  const [a, b] = [enter('a'), enter('b')];
  enter('c');
  const leave = enter('d');
  expect(take()).toEqual(['a in', 'b in']);
  leave();
  enter('e');
  a();
  a();
  expect(take()).toEqual(['c in']);
  b();
  expect(take()).toEqual(['e in']);
});

it('asks those beyond the queue, and those that waited too long, to come back at different times', async () => {
  const { clock, enter, retries, take } = open();
  const a = enter('a');
  for (const name of 'bcdef') enter(name);
  expect(take()).toEqual(['a in', 'b in', 'e refused', 'f refused']);
  await clock.advance(5000);
  expect(take()).toEqual(['c refused', 'd refused']);
  a();
  enter('g');
  expect(take()).toEqual(['g in']);
  expect(new Set(retries).size).toBe(4);
  expect(retries.every((ms) => ms >= 1000 && ms <= 4000)).toBe(true);
  expect(clock.pending).toBe(0);
});
