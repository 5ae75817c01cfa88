import { isTerminalPhase, type Allocation } from '@cloudless/proto';
import type { Cluster } from './cluster.ts';
import { findNonlinear } from './linearizable.ts';

export type Limits = {
  /** From the end of the last fault to everything as it is wanted. */
  readonly settleMs: number;
  /** Starts of containers that the faults explain; every other start is a fault of ours. */
  readonly starts: number;
};

const MIB = 2 ** 20;
/** Several times what a run writes (some 100 KiB); a log that repeats itself under a fault is far beyond it. */
const LOG_BYTES = 8 * MIB;
/** A coordinator of a small cluster holds about 160 MiB (`docs/benchmarks.md`, B6). */
const COORDINATOR_BYTES = 400 * MIB;

export type Verdict = {
  readonly settledMs: number;
  readonly writes: number;
  readonly reads: number;
  readonly unknown: number;
  readonly longestGapMs: number;
  readonly staleReads: number;
  readonly peakMiB: number;
  readonly logKiB: number;
  readonly failures: Readonly<Record<string, number>>;
};

function* judgeReplicas({ engines }: Cluster, allocations: readonly Allocation[], { starts }: Limits): Generator<string> {
  const living = allocations.filter(({ observed }) => !isTerminalPhase(observed.phase));
  for (const [slot, rows] of Map.groupBy(living, ({ workloadName, slot: index }) => `${workloadName} slot ${index}`))
    if (rows.length > 1) yield `${slot} has ${rows.length} replicas`;
  for (const { id, workloadName, observed } of living) {
    const restarts = engines.startsOf(id) - 1;
    if (restarts !== observed.restarts)
      yield `${workloadName} ${id} was restarted ${restarts} times by its engine, and ${observed.restarts} restarts are recorded`;
  }
  const wanted = new Set(living.map(({ id }) => id));
  for (const { device, allocationId } of engines.running())
    if (!wanted.has(allocationId)) yield `${device} runs ${allocationId}, which nobody wants`;
  if (engines.starts > starts) yield `engines started ${engines.starts} containers, and the faults explain ${starts}`;
  yield* engines.seenTwice;
}

/**
 * Waits until the cluster is as it is wanted and says what broke its promises meanwhile.
 *
 * @throws Error that names each broken promise
 */
export async function judge(cluster: Cluster, limits: Limits): Promise<Verdict> {
  const { people, devices } = cluster;
  const seats = cluster.members.length > 0 ? cluster.members : [cluster.seat];
  const coordinators = seats.map(({ coordinator }) => coordinator);
  const settledMs = await cluster.settle(limits.settleMs);
  const operations = await people.finish();
  const nonlinear = findNonlinear(operations);
  const wrong = [...(nonlinear === undefined ? [] : [nonlinear]), ...judgeReplicas(cluster, await cluster.allocations(), limits)];
  const programs = [...coordinators, ...devices.map(({ agent }) => agent)];
  const logBytes = Math.max(...programs.map((program) => program.logBytes()));
  if (logBytes > LOG_BYTES) wrong.push(`a log grew to ${Math.round(logBytes / MIB)} MiB`);
  const peakBytes = Math.max(...coordinators.map((coordinator) => coordinator.peakBytes()));
  if (peakBytes > COORDINATOR_BYTES) wrong.push(`a coordinator grew to ${Math.round(peakBytes / MIB)} MiB`);
  const count = (kind: string, outcome: string): number =>
    operations.filter((operation) => operation.kind === kind && operation.outcome === outcome).length;
  const acknowledged = count('write', 'ok');
  if (acknowledged === 0) wrong.push('no write was acknowledged: nothing was tested');
  if (wrong.length > 0)
    throw new Error(`seed ${cluster.seed}:\n${wrong.join('\n')}\n${coordinators.map((coordinator) => coordinator.tail()).join('\n')}`);
  return {
    settledMs: Math.round(settledMs),
    writes: acknowledged,
    reads: count('read', 'ok'),
    unknown: count('write', 'unknown'),
    longestGapMs: Math.round(people.longestGapMs),
    staleReads: people.staleReads,
    peakMiB: Math.round(peakBytes / MIB),
    logKiB: Math.round(logBytes / 1024),
    failures: Object.fromEntries(people.failures),
  };
}
