import { isDeepStrictEqual } from 'node:util';
import type { Mutation, Store } from '@cloudless/db';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import type { BatchId, EventId, EventKind, Fingerprint, NodeId, NodeRow, NodeState } from '@cloudless/proto';
import { computeAllocatable } from './allocatable.ts';
import type { Verdict } from './judge-liveness.ts';

/** What should be so of a node's row: the state and fingerprint are this folder's to write. */
export type NodeFacts = {
  /** Absent while the recorded state stands. */ readonly verdict: Verdict | undefined;
  readonly fingerprint: Fingerprint | undefined;
};

/** Tries at a row that others write too (names, cordons); then the next tick tries on. */
const MAX_TRIES = 8;

export interface NodeWriter {
  /**
   * Brings the row to what `facts` says, unless a write of it is on its way. Level-triggered: call it again.
   * @returns whether the row is so already
   */
  sync(nodeId: NodeId, facts: () => NodeFacts | undefined): boolean;
  /** Resolves when no write is on its way. */
  settled(): Promise<void>;
}

const EVENTS: Record<NodeState['word'], { readonly kind: EventKind; readonly severity: 'info' | 'warning' | 'error' }> = {
  online: { kind: 'node.online', severity: 'info' },
  degraded: { kind: 'node.degraded', severity: 'warning' },
  asleep: { kind: 'node.asleep', severity: 'info' },
  unreachable: { kind: 'node.unreachable', severity: 'warning' },
  lost: { kind: 'node.lost', severity: 'error' },
  left: { kind: 'node.left', severity: 'info' },
};

/** Writes transitions, never heartbeats. */
export function createNodeWriter(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
}): NodeWriter {
  const { store, clock, entropy, logger } = deps;
  const writing = new Map<NodeId, Promise<void>>();

  async function write(nodeId: NodeId, facts: () => NodeFacts | undefined): Promise<void> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const found = store.get('node', nodeId);
      const wanted = facts();
      if (!found || !wanted || found.row.revokedAt !== undefined) return;
      const row = applyFacts(found.row, wanted, clock.now());
      if (!row) return;
      const events = describeChange(found.row, row).map((event): Mutation => ({
        kind: 'event',
        event: { id: entropy.id('ev') as EventId, at: clock.now(), ...event },
      }));
      const outcome = await store.commit({
        id: entropy.id('batch') as BatchId,
        mutations: [{ kind: 'put', table: 'node', row, expect: found.version }, ...events],
      });
      if (outcome.kind === 'committed') {
        if (row.state.word !== found.row.state.word)
          logger.info({
            op: 'node.transition',
            outcome: 'ok',
            nodeId,
            from: found.row.state.word,
            to: row.state.word,
            cause: row.state.cause.code,
          });
        return;
      }
    }
    logger.warn({ op: 'node.transition', outcome: 'failed', nodeId, tries: MAX_TRIES });
  }

  return {
    sync(nodeId, facts) {
      if (writing.has(nodeId)) return false;
      const found = store.get('node', nodeId);
      const wanted = facts();
      if (!found || !wanted || !applyFacts(found.row, wanted, 0)) return true;
      const work = write(nodeId, facts)
        .catch((cause: unknown) => logger.warn({ op: 'node.transition', outcome: 'failed', nodeId }, cause))
        .finally(() => writing.delete(nodeId));
      writing.set(nodeId, work);
      return false;
    },
    async settled() {
      await Promise.all(writing.values());
    },
  };
}

/** @returns `undefined` when the row is as it should be */
export function applyFacts(row: NodeRow, { verdict, fingerprint = row.fingerprint }: NodeFacts, now: number): NodeRow | undefined {
  const isSameState = !verdict || (row.state.word === verdict.word && isDeepStrictEqual(row.state.cause, verdict.cause));
  const isSameDevice = fingerprint === undefined || isDeepStrictEqual(row.fingerprint, fingerprint);
  const allocatable = fingerprint ? computeAllocatable(fingerprint, row.lending) : row.allocatable;
  if (isSameState && isSameDevice && isDeepStrictEqual(row.allocatable, allocatable)) return undefined;
  const state = isSameState || !verdict ? row.state : { ...verdict, sinceAt: row.state.word === verdict.word ? row.state.sinceAt : now };
  return { ...row, state, allocatable, ...(fingerprint ? { fingerprint } : {}), updatedAt: now };
}

const sayTransition = ({ name, state: { word, cause } }: NodeRow): string =>
  cause.code === 'shut_down' ? `${name} was shut down` : `${name} is ${word}: ${cause.message}`;

function describeChange(before: NodeRow, row: NodeRow) {
  const events: { kind: EventKind; severity: 'info' | 'warning' | 'error'; message: string }[] = [];
  const { word, cause } = row.state;
  const transition = word === before.state.word ? undefined : EVENTS[word];
  if (transition) events.push({ ...transition, message: sayTransition(row) });
  const [was, is] = [before.fingerprint?.engine.state, row.fingerprint?.engine.state];
  if (was !== undefined && is !== undefined && was !== is)
    events.push({
      kind: 'node.engineChanged',
      severity: is === 'ready' ? 'info' : 'warning',
      message: `The engine of ${row.name} went from ${was} to ${is}.`,
    });
  const params = {
    ...cause.params,
    name: row.name,
    from: before.state.word,
    to: word,
    code: cause.code,
    cause: cause.message,
    ...(is === undefined ? {} : { engine: is }),
  };
  return events.map((event) => ({
    ...event,
    orgId: row.orgId,
    nodeId: row.id,
    actor: { kind: 'node', id: row.id, name: row.name } as const,
    params,
  }));
}
