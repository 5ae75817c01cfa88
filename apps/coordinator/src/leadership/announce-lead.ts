import { ID_PREFIX, type BatchId, type EventId } from '@cloudless/proto';
import type { Ground } from '../ground.ts';
import type { Lead } from '../lead.ts';
import type { TakeoverCause } from './decide-candidacy.ts';

const WHY: Readonly<Record<TakeoverCause, string>> = {
  vacant: 'nobody led before',
  released: 'the leader was stopped',
  gone: 'the process of the leader had ended',
  silent: 'the leader did not renew its lease',
};

/** Tells that another coordinator leads now, and why. */
export function announceLead(
  { store, clock, entropy, cluster, logger, telemetry, machine }: Ground,
  lead: Extract<Lead, { kind: 'leased' }>,
): void {
  const { cause, before, coordinatorId, lease } = lead;
  const name = machine().hostname;
  telemetry.watchLead(() => ({ isLeader: lease.state().kind === 'held', ageMs: clock.bootMs() - lease.confirmedMs }), cause);
  logger.info({ op: 'leadership.lead', outcome: 'ok', cause, token: lease.token, coordinatorId, before: before?.holder });
  const event = {
    id: entropy.id(ID_PREFIX.event) as EventId,
    at: clock.now(),
    kind: 'cluster.leaderChanged',
    severity: cause === 'gone' || cause === 'silent' ? 'warning' : 'info',
    orgId: cluster.orgId,
    actor: { kind: 'system', name: 'coordinator' },
    params: { name, cause, coordinatorId, ...(before ? { before: before.holder } : {}) },
    message: `${name} leads the cluster: ${WHY[cause]}`,
  } as const;
  store
    .commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations: [{ kind: 'event', event }] })
    .catch((failure: unknown) => logger.warn({ op: 'leadership.announce', outcome: 'failed' }, failure));
}
