import type { Mutation, Store } from '@cloudless/db';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import { isTerminalPhase, type BatchId, type ClusterEvent, type EventId, type NodeId, type NodeRow } from '@cloudless/proto';

const MAX_TRIES = 8;

/** Devices that leave: drained first, then gone. */
export interface Departures {
  /** The device asks to leave. */
  begin(nodeId: NodeId): void;
  /** Something of the node or its allocations changed: it may be empty now. */
  check(nodeId: NodeId): void;
  settled(): Promise<void>;
}

export type DeparturesDeps = {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Nothing runs there any more, and its certificate is about to be revoked. */
  readonly onEmpty: (nodeId: NodeId) => void;
};

/** Written by the session that hears the wish; what is moved where, and when, the control plane decides. */
export function createDepartures({ store, clock, entropy, logger, onEmpty }: DeparturesDeps): Departures {
  const writing = new Map<NodeId, Promise<void>>();

  async function change(
    nodeId: NodeId,
    decide: (row: NodeRow) => { row: NodeRow; told: Pick<ClusterEvent, 'kind' | 'message'> } | undefined,
  ) {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const found = store.get('node', nodeId);
      const decided = found && found.row.revokedAt === undefined ? decide(found.row) : undefined;
      if (!found || !decided) return;
      const { row, told } = decided;
      const event: Mutation = {
        kind: 'event',
        event: {
          id: entropy.id('ev') as EventId,
          at: clock.now(),
          severity: 'info',
          orgId: row.orgId,
          nodeId,
          actor: { kind: 'node', id: nodeId, name: row.name },
          params: { node: row.name, name: row.name },
          ...told,
        },
      };
      const mutations: Mutation[] = [{ kind: 'put', table: 'node', row: { ...row, updatedAt: clock.now() }, expect: found.version }, event];
      if ((await store.commit({ id: entropy.id('batch') as BatchId, mutations })).kind === 'committed') return;
    }
    logger.warn({ op: 'node.depart', outcome: 'failed', nodeId, tries: MAX_TRIES });
  }

  function run(nodeId: NodeId, work: () => Promise<void>): void {
    if (writing.has(nodeId)) return;
    const written = work()
      .catch((cause: unknown) => logger.warn({ op: 'node.depart', outcome: 'failed', nodeId }, cause))
      .finally(() => {
        writing.delete(nodeId);
        check(nodeId);
      });
    writing.set(nodeId, written);
  }

  const isEmpty = (nodeId: NodeId): boolean => store.allocationsOfNode(nodeId).every(({ row }) => isTerminalPhase(row.observed.phase));

  function check(nodeId: NodeId): void {
    const row = store.get('node', nodeId)?.row;
    if (row?.drain?.purpose !== 'leave' || row.revokedAt !== undefined || !isEmpty(nodeId)) return;
    run(nodeId, async () => {
      onEmpty(nodeId);
      await change(nodeId, (current) => {
        const now = clock.now();
        const message = `${current.name} left the cluster; nothing of it runs there any more`;
        const state = { word: 'left', cause: { code: 'departed', message }, sinceAt: now } as const;
        return { row: { ...current, revokedAt: now, state }, told: { kind: 'node.removed', message } };
      });
    });
  }

  return {
    begin: (nodeId) =>
      run(nodeId, () =>
        change(nodeId, (row) => {
          if (row.drain?.purpose === 'leave') return undefined;
          const cause = { code: 'leaving', message: 'Its owner takes it out of the cluster.' };
          const message = `${row.name} is about to leave: what runs there is moved first`;
          return { row: { ...row, drain: { sinceAt: clock.now(), purpose: 'leave', cause } }, told: { kind: 'node.draining', message } };
        }),
      ),
    check,
    async settled() {
      while (writing.size > 0) await Promise.all(writing.values());
    },
  };
}
