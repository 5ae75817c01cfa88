import type { ContainerUsage } from '../runtime.ts';

/** The parts of the engine's statistics that are read. */
export type EngineStats = {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: { readonly usage?: number; readonly stats?: Readonly<Record<string, number>> };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes?: number; readonly tx_bytes?: number }>>;
};

/** `undefined` when the container does not run: the engine then answers with empty statistics. */
export function readUsage(stats: EngineStats): ContainerUsage | undefined {
  const usage = stats.memory_stats?.usage;
  if (usage === undefined) return undefined;
  // As `docker stats` counts: what the kernel would give back is no use. `total_inactive_file` is cgroup v1's, `inactive_file` v2's.
  const cache = stats.memory_stats?.stats?.['total_inactive_file'] ?? stats.memory_stats?.stats?.['inactive_file'] ?? 0;
  const networks = Object.values(stats.networks ?? {});
  return {
    cpuNs: stats.cpu_stats?.cpu_usage?.total_usage ?? 0,
    memoryBytes: Math.max(0, usage - cache),
    networkRxBytes: networks.reduce((sum, network) => sum + (network.rx_bytes ?? 0), 0),
    networkTxBytes: networks.reduce((sum, network) => sum + (network.tx_bytes ?? 0), 0),
  };
}
