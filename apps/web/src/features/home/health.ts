import type { CloudlessNode, Workload } from '@cloudless/proto';
import type { Tone } from '@cloudless/ui';

/** The state of everything, as one sentence with its numbers. */
export type Health = {
  readonly kind: 'noDevice' | 'empty' | 'good' | 'resting' | 'busy' | 'trouble' | 'devicesAway';
  readonly tone: Tone;
  readonly params: Readonly<Record<'devices' | 'apps' | 'count' | 'ready' | 'desired', number>>;
};

const AWAY: ReadonlySet<CloudlessNode['state']['word']> = new Set(['unreachable', 'lost', 'degraded']);
const CHANGING: ReadonlySet<Workload['status']['condition']> = new Set(['starting', 'updating', 'stopping', 'deleting']);
const TROUBLED: ReadonlySet<Workload['status']['condition']> = new Set(['failing', 'degraded', 'unplaced']);

export const isAway = (node: Pick<CloudlessNode, 'state'>): boolean => AWAY.has(node.state.word);
export const isTroubled = (workload: Pick<Workload, 'status'>): boolean => TROUBLED.has(workload.status.condition);

function decide(away: number, nodes: number, conditions: readonly Workload['status']['condition'][]): Pick<Health, 'kind' | 'tone'> {
  if (conditions.some((condition) => TROUBLED.has(condition))) return { kind: 'trouble', tone: 'bad' };
  if (nodes === 0) return { kind: 'noDevice', tone: 'warn' };
  if (away > 0) return { kind: 'devicesAway', tone: 'warn' };
  if (conditions.length === 0) return { kind: 'empty', tone: 'good' };
  if (conditions.some((condition) => CHANGING.has(condition))) return { kind: 'busy', tone: 'busy' };
  return conditions.includes('running') ? { kind: 'good', tone: 'good' } : { kind: 'resting', tone: 'idle' };
}

/** The worst there is, in one sentence. Devices that left are no longer counted. */
export function computeHealth(nodes: readonly Pick<CloudlessNode, 'state'>[], workloads: readonly Pick<Workload, 'status'>[]): Health {
  const present = nodes.filter(({ state }) => state.word !== 'left');
  const away = present.filter(isAway).length;
  const verdict = decide(
    away,
    present.length,
    workloads.map(({ status }) => status.condition),
  );
  const counted = {
    trouble: workloads.filter(isTroubled).length,
    busy: workloads.filter(({ status }) => CHANGING.has(status.condition)).length,
    devicesAway: away,
  };
  const active = workloads.filter(({ status }) => status.condition === 'running').length;
  return {
    ...verdict,
    params: {
      devices: present.length - away,
      apps: verdict.kind === 'resting' ? workloads.length : active,
      count: verdict.kind in counted ? counted[verdict.kind as keyof typeof counted] : 0,
      ready: workloads.reduce((sum, { status }) => sum + status.ready, 0),
      desired: workloads.reduce((sum, { status }) => sum + status.desired, 0),
    },
  };
}
