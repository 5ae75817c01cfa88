import type { Mutation, Store, Versioned } from '@cloudless/db';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import { CloudlessError, ID_PREFIX, saying, type Actor, type BatchId, type ClusterEvent, type EventId } from '@cloudless/proto';
import type { Caller } from '../people/people.ts';

/** Another writer may come between reading and writing so many times. */
const TRIES = 5;

export type WriteParts = { readonly store: Store; readonly clock: Clock; readonly entropy: Entropy };
type Told = Pick<ClusterEvent, 'kind' | 'params' | 'message'> &
  Partial<Pick<ClusterEvent, 'severity' | 'workloadId' | 'nodeId' | 'projectId'>>;

export const actorOf = (caller: Caller): Actor => ({ kind: caller.kind, id: caller.id, name: caller.name });

/** The event that says who did what, as a part of the change itself. */
export function tell({ clock, entropy }: WriteParts, caller: Caller, told: Told): Mutation {
  return {
    kind: 'event',
    event: {
      id: entropy.id(ID_PREFIX.event) as EventId,
      at: clock.now(),
      severity: 'info',
      orgId: caller.orgId,
      actor: actorOf(caller),
      ...told,
    },
  };
}

/** Writes an event alone, of what stands elsewhere already: that the feed cannot be written must not undo it. */
export async function record({ store, entropy, logger }: WriteParts & { readonly logger: Logger }, event: Mutation): Promise<void> {
  try {
    await store.commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations: [event] });
  } catch (cause) {
    logger.warn({ op: 'api.record', outcome: 'failed' }, cause);
  }
}

/**
 * Reads, decides and writes under the guard of what was read; again when another wrote meanwhile.
 *
 * @param decide gives the mutations, or nothing when all is as asked for. It may throw
 * @throws CloudlessError `stale` when others kept writing; what the store throws
 */
export async function writeRows<Row>(
  { store, entropy }: WriteParts,
  read: () => Versioned<Row>,
  decide: (found: Versioned<Row>) => readonly Mutation[],
): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const mutations = decide(read());
    if (mutations.length === 0) return;
    const outcome = await store.commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations });
    if (outcome.kind === 'committed') return;
  }
  throw new CloudlessError(
    'stale',
    `Others changed it ${TRIES} times while this change was made.`,
    saying('changedByOthers', { tries: TRIES }),
  );
}
