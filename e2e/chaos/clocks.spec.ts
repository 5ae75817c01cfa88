import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { startCluster } from '../src/chaos/cluster.ts';
import { judge } from '../src/chaos/judge.ts';
import { note } from '../src/chaos/note.ts';
import { pause, until } from '../src/chaos/until.ts';

const LIBRARY = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`;

/** A wall clock that is set while programs run: by a file, which libfaketime reads each second. Boot time stays the machine's. */
async function createWallClock() {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-clock-'));
  const file = join(folder, 'now');
  const set = async (text: string): Promise<void> => {
    // Whole or not at all: a half-read file would be another fault.
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  await set('+0');
  return {
    set,
    env: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DISABLE_SHM: '1',
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

test('wall clocks that step by hours, or to 1970, on the coordinator or on devices, move nothing', async () => {
  test.skip(!existsSync(LIBRARY), 'libfaketime is not installed (apt-get install faketime)');
  await using seatClock = await createWallClock();
  await using deviceClock = await createWallClock();
  await using cluster = await startCluster({ seed: 51, devices: 3, apps: [2, 2], env: seatClock.env, deviceEnv: deviceClock.env });
  const coordinatorNow = async (): Promise<number> =>
    Date.parse((await fetch(`${cluster.seat.url}/readyz`, { signal: AbortSignal.timeout(5000) })).headers.get('date') ?? '');
  for (const [name, clock, offset] of [
    ['the coordinator, 3 h ahead', seatClock, '+3h'],
    ['the coordinator, 3 h behind', seatClock, '-3h'],
    ['the coordinator, right again', seatClock, '+0'],
    ['devices, 3 h ahead', deviceClock, '+3h'],
    ['devices in 1970', deviceClock, '@1970-01-02 00:00:00'],
    ['devices, right again', deviceClock, '+0'],
  ] as const) {
    await test.step(name, async () => {
      await clock.set(offset);
      if (clock === seatClock) {
        const hours = offset === '+3h' ? 3 : offset === '-3h' ? -3 : 0;
        await until('the clock has stepped', 5000, async () => {
          const offByMs = (await coordinatorNow()) - Date.now() - hours * 3_600_000;
          return Math.abs(offByMs) < 60_000 ? undefined : `it is off by ${offByMs} ms`;
        });
      }
      await pause(2500);
      // Those that are cut off come back in spite of it: certificates are judged by more than a wall clock.
      for (const { network } of cluster.devices) network.cut();
      note({ clock: name, settledMs: Math.round(await cluster.settle(8000)) });
    });
  }
  note(await judge(cluster, { settleMs: 8000, starts: 0 }));
  expect(await cluster.told('node.lost', 'allocation.placed')).toEqual([]);
});
