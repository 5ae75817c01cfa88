import type { AllocationPhase, ClusterEvent, CloudlessNode, Workload } from '@cloudless/proto';
import type { Tone } from '@cloudless/ui';

/** Which colour and shape stand beside the word of a state. */
export const NODE_TONE: Readonly<Record<CloudlessNode['state']['word'], Tone>> = {
  online: 'good',
  degraded: 'warn',
  asleep: 'idle',
  unreachable: 'bad',
  lost: 'bad',
  left: 'idle',
};

export const WORKLOAD_TONE: Readonly<Record<Workload['status']['condition'], Tone>> = {
  running: 'good',
  starting: 'busy',
  updating: 'busy',
  degraded: 'warn',
  failing: 'bad',
  unplaced: 'warn',
  stopping: 'busy',
  stopped: 'idle',
  deleting: 'busy',
};

export const PHASE_TONE: Readonly<Record<AllocationPhase, Tone>> = {
  pending: 'busy',
  pulling: 'busy',
  starting: 'busy',
  running: 'good',
  stopping: 'busy',
  stopped: 'idle',
  failed: 'bad',
};

export const SEVERITY_TONE: Readonly<Record<ClusterEvent['severity'], Tone>> = { info: 'idle', warning: 'warn', error: 'bad' };
