import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Fingerprint } from '@cloudless/proto';
import { readNetworkNames } from './network-names.ts';
import type { EngineView } from '../runtime/runtime.ts';

/** The parts of a device's file system that are read, so that tests can lay them out. */
export type DeviceFiles = { readonly root: string };

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
};

const list = (path: string): string[] => {
  try {
    return readdirSync(path).toSorted();
  } catch {
    return [];
  }
};

/** Mains, or battery with its charge, from `/sys/class/power_supply` (Linux ABI testing/sysfs-class-power); `unknown` where it does not say. */
export function readPower(files: DeviceFiles): Fingerprint['power'] {
  const folder = join(files.root, 'sys/class/power_supply');
  const supplies = list(folder)
    .map((name) => {
      const read = (file: string): string | undefined => readText(join(folder, name, file));
      // A mouse has a battery too; only what powers the system counts.
      return { type: read('type'), online: read('online'), status: read('status'), capacity: read('capacity'), scope: read('scope') };
    })
    .filter(({ scope }) => scope !== 'Device');
  const battery = supplies.find(({ type }) => type === 'Battery');
  const mains = supplies.filter(({ type }) => type === 'Mains' || type === 'USB');
  const percent = Number(battery?.capacity ?? NaN);
  const charge = Number.isFinite(percent) ? { batteryPercent: Math.min(100, Math.max(0, percent)) } : {};
  if (mains.some(({ online }) => online === '1')) return { source: 'mains', ...charge };
  if (battery) return { source: battery.status === 'Charging' || battery.status === 'Full' ? 'mains' : 'battery', ...charge };
  if (mains.length > 0) return { source: 'battery' };
  return { source: 'unknown' };
}

/** The interface of the default route, from `/proc/net/route`, and whether it is wireless. */
export function readLink(files: DeviceFiles): Fingerprint['link'] {
  const routes = (readText(join(files.root, 'proc/net/route')) ?? '').split('\n').map((line) => line.split(/\s+/));
  const name = routes.find(([, destination]) => destination === '00000000')?.[0];
  if (name === undefined) return { type: 'unknown' };
  const device = join(files.root, 'sys/class/net', name);
  if (existsSync(join(device, 'wireless')) || existsSync(join(device, 'phy80211'))) return { type: 'wifi' };
  if (/^(wwan|ppp|rmnet)/.test(name)) return { type: 'mobile' };
  // 1 is Ethernet (linux/if_arp.h).
  return { type: readText(join(device, 'type')) === '1' ? 'wired' : 'unknown' };
}

function readOs(files: DeviceFiles): string {
  const pretty = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readText(join(files.root, 'etc/os-release')) ?? '')?.[1];
  return (pretty ?? `${platform() === 'darwin' ? 'macOS' : platform()} ${release()}`).slice(0, 128);
}

const MIB = 2 ** 20;

/** Room for containers: what is free, and what they hold. In coarse steps, so that a log that grows is no news of the device. */
export function storageFor(folder: string, appsBytes: number): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    const bytes = bavail * bsize + appsBytes;
    const step = bytes < 8192 * MIB ? 256 * MIB : 1024 * MIB;
    return Math.floor(bytes / step) * step;
  } catch {
    return 0;
  }
}

const ARCHITECTURES: Readonly<Record<string, Fingerprint['arch']>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * What the device is. Capacity is the engine's: of its virtual machine where it runs in one; the machine's own while the engine is away,
 * so that the device page says something true.
 *
 * @param dataFolder stands for the disk where the engine's own folder cannot be seen
 */
export function createFingerprint(options: {
  readonly agentVersion: string;
  readonly dataFolder: string;
  readonly files: DeviceFiles;
  /** Of the machine and its identity; `undefined` before it joined, and where the system has no id. */
  readonly machineHash?: () => string | undefined;
  readonly agentSha256?: string | undefined;
}): (view: EngineView, appsBytes: number) => Promise<Fingerprint> {
  const { files } = options;
  return async ({ engine, capacity, storageRoot }, appsBytes) => {
    const own = { cpuMillicores: cpus().length * 1000, memoryBytes: totalmem() };
    const storage = storageRoot !== undefined && existsSync(storageRoot) ? storageRoot : options.dataFolder;
    return {
      hostname: hostname().slice(0, 255),
      os: readOs(files),
      arch: ARCHITECTURES[arch()] ?? 'other',
      kernel: release().slice(0, 255),
      agentVersion: options.agentVersion,
      engine,
      capacity: { ...(engine.state === 'ready' ? capacity : own), storageBytes: storageFor(storage, appsBytes) },
      power: readPower(files),
      link: await readNetworkNames(readLink(files), platform()),
      ...given('machineHash', options.machineHash?.()),
      ...given('agentSha256', options.agentSha256),
    };
  };
}

const given = <K extends string>(name: K, value: string | undefined): { readonly [P in K]?: string } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: string });
