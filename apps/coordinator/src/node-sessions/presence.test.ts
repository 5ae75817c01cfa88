import type { NodeId } from '@cloudless/proto';
import { buildFingerprint } from '@cloudless/proto/testing';
import { createManualClock } from '@cloudless/kernel/testing';
import type { CoordinatorLink, LinkPath } from '@cloudless/transport';
import { expect, it } from 'vitest';
import { createPresence, measurePath, measurePaths, noteHeard, silenceLimitOf, viewChannel, type Presence } from './presence.ts';

const WIRED = buildFingerprint();
const MOBILE = buildFingerprint({ link: { type: 'mobile' } });

it('measures both paths of each wired device every 5 s, counted from its own hello', async () => {
  const clock = createManualClock();
  const measured: string[] = [];
  const connect = (name: string): Presence => {
    const presence = createPresence(name as NodeId, clock.bootMs());
    const probe = (path: LinkPath): Promise<void> => {
      measured.push(`${name} ${path}`);
      return Promise.resolve();
    };
    presence.link = { probe, stands: () => true } as unknown as CoordinatorLink;
    presence.fingerprint = WIRED;
    return presence;
  };
  const take = (): string[] => measured.splice(0);
  const early = connect('early');
  measurePaths(early, clock);
  expect(take()).toEqual(['early control', 'early bulk']);
  await clock.advance(2000);
  const late = connect('late');
  const tick = (): void =>
    [early, late].forEach((presence) => {
      presence.controlAtMs = clock.bootMs();
      measurePaths(presence, clock);
    });
  tick();
  expect(take()).toEqual(['late control', 'late bulk']);
  await clock.advance(3000);
  tick();
  expect(take()).toEqual(['early control', 'early bulk']);
  await clock.advance(2000);
  tick();
  expect(take()).toEqual(['late control', 'late bulk']);
});

it('measures the paths of a phone every 20 s while it is heard, and every second when it is late', async () => {
  const clock = createManualClock();
  let measured = 0;
  const presence = createPresence('phone' as NodeId, clock.bootMs());
  presence.link = { probe: () => Promise.resolve(void (measured += 1)), stands: () => true } as unknown as CoordinatorLink;
  presence.fingerprint = MOBILE;
  const pass = async (ms: number, isHeard: boolean): Promise<number> => {
    measured = 0;
    for (let at = 0; at < ms; at += 250) {
      if (isHeard) presence.controlAtMs = clock.bootMs();
      measurePaths(presence, clock);
      await clock.advance(250);
    }
    return measured / 2;
  };
  expect(await pass(60_000, true)).toBe(3);
  presence.link = { probe: () => new Promise(() => void (measured += 1)), stands: () => true } as unknown as CoordinatorLink;
  presence.controlAtMs = clock.bootMs() - 30_001;
  expect(await pass(1000, false)).toBe(1);
});

it('gives a wired device that stood still more time, and none for a cable that was cut', async () => {
  const clock = createManualClock();
  const presence = createPresence('desk' as NodeId, clock.bootMs());
  const link = {} as CoordinatorLink;
  presence.link = link;
  presence.fingerprint = WIRED;
  const beatFor = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      await clock.advance(500);
      noteHeard(presence, presence.link ?? link, clock);
    }
  };
  await beatFor(60_000);
  expect(silenceLimitOf(presence)).toBe(1100);
  // What was on its way comes at once when the cable is back; then its device speaks on another link.
  await clock.advance(4000);
  noteHeard(presence, link, clock);
  noteHeard(presence, link, clock);
  presence.link = {} as CoordinatorLink;
  presence.missed = undefined;
  await beatFor(5000);
  expect(silenceLimitOf(presence)).toBe(1100);
  await clock.advance(1200);
  noteHeard(presence, presence.link, clock);
  expect(silenceLimitOf(presence)).toBe(1100);
  await beatFor(1000);
  expect(silenceLimitOf(presence)).toBe(2400);
});

it('measures a bulk path that comes later when it stands, and says until then that there is none', () => {
  const clock = createManualClock();
  const measured: string[] = [];
  let stands = false;
  const presence = createPresence('late' as NodeId, clock.bootMs());
  const link = {
    probe: (path: LinkPath) => new Promise(() => void measured.push(path)),
    stands: (path: LinkPath) => path === 'control' || stands,
  } as unknown as CoordinatorLink;
  presence.link = link;
  measurePaths(presence, clock);
  measurePath(presence, link, 'bulk', clock);
  expect(measured).toEqual(['control']);
  expect(viewChannel(presence, 'bulk').connected).toBe(false);
  stands = true;
  measurePath(presence, link, 'bulk', clock);
  measurePath(presence, link, 'bulk', clock);
  expect(measured).toEqual(['control', 'bulk']);
  expect(viewChannel(presence, 'bulk').connected).toBe(true);
});
