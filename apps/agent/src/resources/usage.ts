import { readFileSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import type { Clock } from '@cloudless/kernel';
import type { AllocationId, Usage } from '@cloudless/proto';
import type { ContainerUsage, ObservedContainer, Runtime } from '../runtime/runtime.ts';
import type { UsageSample } from '../session/session-ports.ts';

/** Containers asked at once. */
const MAX_ASKED = 200;
const STATS_DEADLINE_MS = 4_000;

type CpuTimes = { readonly busyMs: number; readonly atMs: number };
type Earlier = { readonly usage: ContainerUsage; readonly atMs: number };

function readCpuTimes(atMs: number): CpuTimes {
  const busyMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { busyMs, atMs };
}

/** Memory in use as the operating system would say: total less *available*, which counts the page cache as free. */
export function readUsedMemory(read: () => string = () => readFileSync('/proc/meminfo', 'utf8')): number {
  try {
    const text = read();
    const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]);
    const used = (kib('MemTotal') - kib('MemAvailable')) * 1024;
    if (used >= 0) return used;
  } catch {
    // Not Linux: what the platform calls free.
  }
  return totalmem() - freemem();
}

/**
 * Samples use. Rates are means since the sample before; the first sample has none of containers that were not seen before.
 */
export function createUsageSampler(deps: {
  readonly runtime: Pick<Runtime, 'usage'>;
  readonly clock: Clock;
}): (running: readonly ObservedContainer[]) => Promise<UsageSample> {
  const { runtime, clock } = deps;
  let cpuBefore = readCpuTimes(clock.bootMs());
  const before = new Map<string, Earlier>();

  function deviceUsage(): Usage {
    const cpuNow = readCpuTimes(clock.bootMs());
    const elapsedMs = Math.max(1, cpuNow.atMs - cpuBefore.atMs);
    const cpuMillicores = Math.max(0, Math.round(((cpuNow.busyMs - cpuBefore.busyMs) / elapsedMs) * 1000));
    cpuBefore = cpuNow;
    return { at: clock.now(), cpuMillicores, memoryBytes: readUsedMemory() };
  }

  async function containerUsage(container: ObservedContainer): Promise<{ allocationId: AllocationId; usage: Usage } | undefined> {
    const usage = await runtime.usage(container.containerId, AbortSignal.timeout(STATS_DEADLINE_MS)).catch(() => undefined);
    if (!usage) return undefined;
    const atMs = clock.bootMs();
    const earlier = before.get(container.containerId);
    before.set(container.containerId, { usage, atMs });
    if (!earlier) return undefined;
    const seconds = Math.max(0.001, (atMs - earlier.atMs) / 1000);
    const rate = (now: number, then: number): number => Math.max(0, Math.round((now - then) / seconds));
    return {
      allocationId: container.allocationId,
      usage: {
        at: clock.now(),
        cpuMillicores: Math.max(0, Math.round((usage.cpuNs - earlier.usage.cpuNs) / 1e6 / seconds)),
        memoryBytes: usage.memoryBytes,
        networkRxBps: rate(usage.networkRxBytes, earlier.usage.networkRxBytes) * 8,
        networkTxBps: rate(usage.networkTxBytes, earlier.usage.networkTxBytes) * 8,
      },
    };
  }

  return async (running) => {
    const ids = new Set(running.map(({ containerId }) => containerId));
    for (const id of before.keys()) if (!ids.has(id)) before.delete(id);
    const allocations = await Promise.all(running.slice(0, MAX_ASKED).map(containerUsage));
    return { usage: deviceUsage(), allocations: allocations.filter((sample) => sample !== undefined) };
  };
}
