import type { NodeId } from '@cloudless/proto';
import { createManualClock } from '@cloudless/kernel/testing';
import type { CoordinatorLink, LinkPath } from '@cloudless/transport';
import { expect, it } from 'vitest';
import { createPresence, measurePaths, type Presence } from './presence.ts';

const WIFI_MS = 10_000;

it('measures both paths of each device every 5 s, counted from its own hello', async () => {
  const clock = createManualClock();
  const measured: string[] = [];
  const connect = (name: string): Presence => {
    const presence = createPresence(name as NodeId, clock.bootMs());
    const probe = (path: LinkPath): Promise<void> => {
      measured.push(`${name} ${path}`);
      return Promise.resolve();
    };
    presence.link = { probe } as CoordinatorLink;
    return presence;
  };
  const take = (): string[] => measured.splice(0);
  const early = connect('early');
  measurePaths(early, clock, WIFI_MS);
  expect(take()).toEqual(['early control', 'early bulk']);
  await clock.advance(2000);
  const late = connect('late');
  const tick = (): void => [early, late].forEach((presence) => measurePaths(presence, clock, WIFI_MS));
  tick();
  expect(take()).toEqual(['late control', 'late bulk']);
  await clock.advance(3000);
  tick();
  expect(take()).toEqual(['early control', 'early bulk']);
  await clock.advance(2000);
  tick();
  expect(take()).toEqual(['late control', 'late bulk']);
});
