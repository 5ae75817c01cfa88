import type { Store } from '@cloudless/db';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import { ID_PREFIX, type Actor, type BatchId, type ClusterEvent, type EventId, type EventKind, type OrgId } from '@cloudless/proto';
import { createThrottle } from './throttle.ts';

export type Happening = {
  readonly kind: EventKind;
  readonly severity?: ClusterEvent['severity'];
  readonly actor: Actor;
  readonly params: ClusterEvent['params'];
  readonly message: string;
};

/** Records what people did. Never fails what it records: a sign-in does not wait for its event. */
export type PeopleFeed = (happening: Happening) => void;

/** Refused tries that are recorded in a minute: who guesses passwords must not fill the feed. */
const REFUSALS = { windowMs: 60_000, max: 30 };

export function createPeopleFeed({
  store,
  clock,
  entropy,
  logger,
  orgId,
}: {
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly orgId: OrgId;
}): PeopleFeed {
  const throttle = createThrottle(clock);

  return ({ kind, severity = 'info', actor, params, message }) => {
    if (severity !== 'info' && !throttle.consume(kind, REFUSALS).allowed) return;
    const event = { id: entropy.id(ID_PREFIX.event) as EventId, at: clock.now(), kind, severity, orgId, actor, params, message };
    store
      .commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations: [{ kind: 'event', event }] })
      .catch((cause: unknown) => logger.warn({ op: 'people.event', outcome: 'failed', kind }, cause));
  };
}
