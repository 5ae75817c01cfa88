import type { AllocationRow, Cause, NodeRow, WorkloadRow } from '@cloudless/proto';
import { asClause, nestCause } from '../nest-cause.ts';
import { formatDuration } from '../quantities.ts';

/** Also read back: what was stopped so has a claim on its room until its successor is placed. */
export const UPDATE_IN_PLACE = 'updateInPlace';

/** The sentences of what the reconciler does, in one place, because people read them in events and on every replica. */
export const causes = {
  wanted: (workload: WorkloadRow, slot: number): Cause => ({
    code: 'wanted',
    message: `replica ${slot + 1} of ${workload.spec.replicas} of ${workload.name} is wanted and has no allocation`,
    params: { workload: workload.name, slot, replicas: workload.spec.replicas },
  }),
  afterFailure: (workload: WorkloadRow, slot: number, attempt: number): Cause => ({
    code: 'replacesFailed',
    message: `replica ${slot + 1} of ${workload.name} failed and is tried again (try ${attempt + 1})`,
    params: { workload: workload.name, slot, attempt: attempt + 1 },
  }),
  nodeLost: (node: string): Cause => ({ code: 'nodeLost', message: `${node} is lost`, params: { node } }),
  nodeRemoved: (node: string): Cause => ({ code: 'nodeRemoved', message: `${node} was removed from the cluster`, params: { node } }),
  draining: (node: string): Cause => ({ code: 'draining', message: `${node} is being drained`, params: { node } }),
  drainOverdue: (node: string): Cause => ({
    code: 'drainOverdue',
    message: `${node} was to be empty by now: it is stopped, moved or not`,
    params: { node },
  }),
  withheld: (node: string): Cause => ({ code: 'withheld', message: `${node} does not lend now`, params: { node } }),
  unlent: (node: string): Cause => ({
    code: 'unlent',
    message: `it is beyond what ${node} is lent for`,
    params: { node },
  }),
  outdated: (workload: WorkloadRow): Cause => ({
    code: 'outdated',
    message: `${workload.name} changed: generation ${workload.templateGeneration} replaces it`,
    params: { workload: workload.name, generation: workload.templateGeneration },
  }),
  noRoomForBoth: (workload: WorkloadRow, node: string): Cause => ({
    code: UPDATE_IN_PLACE,
    message: `${workload.name} changed, and no device has room for the old and the new replica at once: the one on ${node} stops first`,
    params: { workload: workload.name, node },
  }),
  workloadStopped: (workload: WorkloadRow): Cause => ({
    code: 'workloadStopped',
    message: `${workload.name} was stopped`,
    params: { workload: workload.name },
  }),
  workloadDeleted: (name: string): Cause => ({ code: 'workloadDeleted', message: `${name} is deleted`, params: { workload: name } }),
  scaledDown: (workload: WorkloadRow): Cause => ({
    code: 'scaledDown',
    message: `${workload.name} was scaled to ${workload.spec.replicas}`,
    params: { workload: workload.name, replicas: workload.spec.replicas },
  }),
  surplus: (workload: WorkloadRow, slot: number): Cause => ({
    code: 'surplus',
    message: `another allocation already serves replica ${slot + 1} of ${workload.name}`,
    params: { workload: workload.name, slot },
  }),
  keptOriginal: (workload: WorkloadRow, node: string): Cause => ({
    code: 'keptOriginal',
    message: `${node} is back, and ${workload.name} goes on there: the policy is to keep the original`,
    params: { workload: workload.name, node },
  }),
  keptReplacement: (workload: WorkloadRow, node: string): Cause => ({
    code: 'keptReplacement',
    message: `${workload.name} was replaced on ${node} meanwhile, and stays there: the policy is to keep the replacement`,
    params: { workload: workload.name, node },
  }),
  keptLongest: (workload: WorkloadRow, node: string): Cause => ({
    code: 'keptLongest',
    message: `${workload.name} has run on ${node} for longer, and stays there`,
    params: { workload: workload.name, node },
  }),
  specChanged: (workload: WorkloadRow): Cause => ({
    code: 'specChanged',
    message: `settings of ${workload.name} changed that need no new container`,
    params: { workload: workload.name, generation: workload.generation },
  }),
  failed: (row: AllocationRow, attempt: number, retryAt: number, now: number): Cause => ({
    code: 'failed',
    message: `failed: ${asClause(row.observed.cause)}; next try in ${formatDuration(retryAt - now)} (try ${attempt})`.slice(0, 2000),
    params: { ...nestCause(row.observed.cause), attempt, retryAt },
  }),
  superseded: (row: AllocationRow): Cause => ({
    code: 'superseded',
    message: `ended: ${row.observed.cause.message}`.slice(0, 2000),
    params: nestCause(row.observed.cause),
  }),
} as const;

/** A node's name even when its row is gone. */
export const nodeName = (row: NodeRow | undefined): string => row?.name ?? 'a removed device';
