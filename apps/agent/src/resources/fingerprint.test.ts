import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readLink, readPower } from './fingerprint.ts';
import { readUsedMemory } from './usage.ts';

async function lay(files: Readonly<Record<string, string>>): Promise<{ root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'cloudless-device-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return { root };
}

const SUPPLY = 'sys/class/power_supply';

test('a laptop on battery, on mains and a desktop are told apart; a mouse has no say', async () => {
  const battery = { [`${SUPPLY}/BAT0/type`]: 'Battery\n', [`${SUPPLY}/BAT0/capacity`]: '83\n', [`${SUPPLY}/BAT0/status`]: 'Discharging\n' };
  const ac = (online: string) => ({ [`${SUPPLY}/AC/type`]: 'Mains\n', [`${SUPPLY}/AC/online`]: `${online}\n` });
  expect(readPower(await lay({ ...battery, ...ac('0') }))).toEqual({ source: 'battery', batteryPercent: 83 });
  expect(readPower(await lay({ ...battery, ...ac('1') }))).toEqual({ source: 'mains', batteryPercent: 83 });
  expect(
    readPower(await lay({ [`${SUPPLY}/hid/type`]: 'Battery', [`${SUPPLY}/hid/scope`]: 'Device', [`${SUPPLY}/hid/capacity`]: '5' })),
  ).toEqual({ source: 'unknown' });
});

test('the link is that of the default route', async () => {
  const route = (name: string) => ({ 'proc/net/route': `Iface\tDestination\tGateway\n${name}\t00000000\t0101A8C0\n` });
  expect(readLink(await lay({ ...route('wlan0'), 'sys/class/net/wlan0/wireless/status': '0' }))).toEqual({ type: 'wifi' });
  expect(readLink(await lay({ ...route('eth0'), 'sys/class/net/eth0/type': '1\n' }))).toEqual({ type: 'wired' });
  expect(readLink(await lay({ ...route('wwan0') }))).toEqual({ type: 'mobile' });
  expect(readLink(await lay({}))).toEqual({ type: 'unknown' });
});

test('used memory counts the page cache as free', () => {
  expect(readUsedMemory(() => 'MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  700 kB\n')).toBe(300 * 1024);
});
