import type { ClusterStatus } from '@cloudless/proto';

/** The control plane in one sentence: a key of the catalogue, with its numbers. */
export type ControlPlaneSentence = {
  readonly code: 'sole' | 'unconfirmed' | 'storeUnknown' | 'noQuorum' | 'storeDegraded' | 'noStandby' | 'steady';
  readonly tone: 'good' | 'warn' | 'bad' | 'idle';
  readonly params: { readonly coordinators: number; readonly nodes: number; readonly reachable: number; readonly spare: number };
};

/** Says the worst that is observed. `spare`: how many store nodes may still go before writes stop. */
export function judgeControlPlane({
  leadership,
  coordinators,
  store,
}: Pick<ClusterStatus, 'leadership' | 'coordinators' | 'store'>): ControlPlaneSentence {
  const voters = store.kind === 'rqlite' ? store.nodes.filter(({ role }) => role !== 'reader') : [];
  const reachable = voters.filter((node) => node.reachable).length;
  const majority = Math.floor(voters.length / 2) + 1;
  const params = { coordinators: coordinators.length, nodes: voters.length, reachable, spare: Math.max(0, reachable - majority) };
  const say = (code: ControlPlaneSentence['code'], tone: ControlPlaneSentence['tone']): ControlPlaneSentence => ({ code, tone, params });
  if (leadership.state === 'unconfirmed') return say('unconfirmed', 'bad');
  if (store.kind === 'sqlite') return say('sole', 'idle');
  if (store.failure || voters.length === 0) return say('storeUnknown', 'warn');
  if (reachable < majority) return say('noQuorum', 'bad');
  if (reachable < voters.length) return say('storeDegraded', 'warn');
  return coordinators.length < 2 ? say('noStandby', 'warn') : say('steady', 'good');
}

/**
 * The status with what the live stream tells since: while the lead is unconfirmed the status itself comes late or not at all.
 *
 * @param staleSince of the live stream, by the coordinator's clock
 */
export function asHeard(status: ClusterStatus, staleSince: number | undefined): ClusterStatus {
  if (staleSince === undefined || status.leadership.state !== 'held') return status;
  const cause = { code: 'lead_unconfirmed', message: '' };
  return { ...status, leadership: { state: 'unconfirmed', confirmedAt: staleSince, cause } };
}
