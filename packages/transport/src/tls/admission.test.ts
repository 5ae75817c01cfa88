import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { expect, it } from 'vitest';
import { createAdmission } from './admission.ts';

/** A door for two at once, with room for two more that wait up to 5 s. */
function open() {
  const clock = createManualClock();
  const admission = createAdmission({ clock, entropy: createSeededEntropy(3), atOnce: 2, queueLimit: 2, waitMs: 5000, quietBelow: 2 });
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
  const invite = (name: string): (() => void) => admission.whenQuiet(() => void said.push(`${name} invited`));
  return { clock, enter, invite, retries, take: () => said.splice(0) };
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

it('invites those that come when there is time, one place for each, and holds none for who does not come', async () => {
  const { clock, enter, invite, take } = open();
  const leave = [enter('a'), enter('b')];
  const settle = ['c', 'd', 'e', 'f'].map(invite);
  expect(take()).toEqual(['a in', 'b in']);
  leave[0]?.();
  expect(take()).toEqual(['c invited']);
  enter('g');
  settle[0]?.();
  settle[0]?.();
  leave[1]?.();
  expect(take()).toEqual(['g in', 'd invited']);
  settle[2]?.();
  await clock.advance(2000);
  expect(take()).toEqual(['f invited']);
});
