import type { Fingerprint, LendingRule, Resources } from '@cloudless/proto';

const MIB = 2 ** 20;
/** Shares that the device keeps for its owner, its system and the agent. */
const KEPT_SHARE = 0.1;
const KEPT_CPU_AT_LEAST_MILLICORES = 100;
const KEPT_MEMORY_AT_LEAST_BYTES = 256 * MIB;
const KEPT_MEMORY_AT_MOST_BYTES = 2048 * MIB;
const KEPT_STORAGE_AT_LEAST_BYTES = 512 * MIB;
const KEPT_STORAGE_AT_MOST_BYTES = 20 * 1024 * MIB;

/**
 * What a device lends: its engine's capacity less a reserve of 10 %, at least 100 millicores and 256 MiB, at most 2 GiB of memory; of the disk at
 * least 512 MiB, at most 20 GiB.
 * No more than the owner's ceilings. Pure; recomputed with every fingerprint and rule.
 */
export function computeAllocatable({ capacity }: Pick<Fingerprint, 'capacity'>, rule: LendingRule = {}): Resources {
  const cpuKept = Math.max(KEPT_CPU_AT_LEAST_MILLICORES, capacity.cpuMillicores * KEPT_SHARE);
  const memoryKept = Math.min(KEPT_MEMORY_AT_MOST_BYTES, Math.max(KEPT_MEMORY_AT_LEAST_BYTES, capacity.memoryBytes * KEPT_SHARE));
  const storageKept = Math.min(KEPT_STORAGE_AT_MOST_BYTES, Math.max(KEPT_STORAGE_AT_LEAST_BYTES, capacity.storageBytes * KEPT_SHARE));
  return {
    cpuMillicores: Math.min(rule.cpuMillicores ?? Infinity, Math.max(0, Math.floor(capacity.cpuMillicores - cpuKept))),
    memoryBytes: Math.min(rule.memoryBytes ?? Infinity, Math.max(0, Math.floor(capacity.memoryBytes - memoryKept))),
    storageBytes: Math.min(rule.storageBytes ?? Infinity, Math.max(0, Math.floor(capacity.storageBytes - storageKept))),
  };
}
