import type { Store } from '@cloudless/db';
import type { Clock, Entropy, Logger, Stoppable } from '@cloudless/kernel';
import { ID_PREFIX, type BatchId, type EventId, type OrgId } from '@cloudless/proto';

export type TellLargeTablesDeps = {
  readonly store: Pick<Store, 'commit' | 'onTableLarge'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly orgId: OrgId;
};

/** Puts a table that passes its size alarm into Activity, where people look who read no log: once a crossing, as the store tells it. */
export function tellLargeTables({ store, clock, entropy, logger, orgId }: TellLargeTablesDeps): Stoppable {
  const stop = store.onTableLarge(({ table, rows, alarm }) => {
    const event = {
      id: entropy.id(ID_PREFIX.event) as EventId,
      at: clock.now(),
      kind: 'cluster.tableLarge',
      severity: 'warning',
      orgId,
      actor: { kind: 'system', name: 'coordinator' },
      params: { table, rows, alarm },
      message: `The table ${table} of the store has ${rows} rows; ${alarm} are the most that this release expects`,
    } as const;
    store
      .commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations: [{ kind: 'event', event }] })
      .catch((cause: unknown) => logger.warn({ op: 'store.tellLarge', outcome: 'failed' }, cause));
  });
  return { stop };
}
