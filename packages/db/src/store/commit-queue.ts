import { assert, createBoundedQueue, unreachable, type Clock, type Logger } from '@cloudless/kernel';
import { CloudlessError, saying } from '@cloudless/proto';
import { failedQuery } from '../sql/failures.ts';
import { isMembersFault } from '../sql/grouped-writer.ts';
import { fencedError, unknownOutcome, type GuardedWriter } from '../sql/guarded-writer.ts';
import type { SqlFailure } from '../sql/driver.ts';
import { toCommitError } from './commit-failure.ts';
import { composeGroup, type Group } from './compose-group.ts';
import type { ControlMemory } from './control-memory.ts';
import type { CommitOutcome, CommittedBatch, WriteBatch } from './store.ts';

export interface CommitQueue {
  /** @throws CloudlessError `overloaded`, `store_unavailable`, `outcome_unknown`, `name_taken`; the signal's reason when it aborts while waiting */
  push(batch: WriteBatch, signal?: AbortSignal): Promise<CommitOutcome>;
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>;
}

export type CommitQueueOptions = {
  readonly writer: GuardedWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly memory: ControlMemory;
  readonly queueLimit: number;
  readonly revision: () => number;
  readonly apply: (batch: CommittedBatch) => void;
  readonly notify: (batch: CommittedBatch) => void;
  readonly afterGroup: () => Promise<void>;
};

type Member = {
  readonly batch: WriteBatch;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
  state: 'waiting' | 'taken' | 'aborted';
};

/** Statements of one request, its overhead aside. A batch that is larger travels alone. */
const GROUP_STATEMENTS = 500;
/** Runs of a group whose requests were voided: each is safe, because a voided request can never happen. */
const VOIDED_RUNS = 3;

const waitsForEarlier = (): CloudlessError =>
  failedQuery({ kind: 'unavailable', message: 'the outcome of an earlier change is not known yet' });

/**
 * Gathers concurrent batches into one database request at a time. While one is in flight the next gathers, so the disk sets the size
 * of groups and an idle store adds no delay. Nobody is answered before the group is durable, not even the stale: what they lost
 * against may yet fail.
 */
export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  const { writer, clock, logger, memory, queueLimit, apply, notify } = options;
  const waiting = createBoundedQueue<Member>(queueLimit);
  let draining: Promise<void> | undefined;
  /** The member that did not fit into the last group: first of the next. */
  let held: Member | undefined;
  /** A request whose outcome nobody could settle yet. Nothing is written before it is: memory may be behind the database. */
  let unsettled: { readonly batchId: string; readonly group: Group } | undefined;
  /** The revision at which a change came to be known that nobody knew of. */
  let surprisedAt = 0;

  function takeNext(): Member | undefined {
    let next = held ?? waiting.shift();
    held = undefined;
    while (next?.state === 'aborted') next = waiting.shift();
    return next;
  }

  function takeGroup(): Member[] {
    const members: Member[] = [];
    let statements = 0;
    for (let next = takeNext(); next; next = takeNext()) {
      statements += next.batch.mutations.length;
      if (members.length > 0 && statements > GROUP_STATEMENTS) {
        held = next;
        break;
      }
      next.state = 'taken';
      members.push(next);
    }
    return members;
  }

  function takeOver(group: Group): void {
    for (const batch of group.accepted) apply(batch);
    for (const batch of group.accepted) notify(batch);
  }

  function answer(members: readonly Member[], group: Group): void {
    for (const [index, member] of members.entries()) {
      const composed = group.members[index];
      assert(composed, 'a group composes every member');
      member.resolve(composed.kind === 'stale' ? composed : { kind: 'committed', revision: composed.batch.revision });
    }
  }

  const rejectAll = (members: readonly Member[], error: CloudlessError): void => {
    for (const member of members) member.reject(error);
  };

  async function afterFailure(members: readonly Member[], failure: SqlFailure): Promise<void> {
    if (!isMembersFault(failure)) return rejectAll(members, failedQuery(failure));
    if (members.length === 1) return rejectAll(members, toCommitError(failure));
    for (const member of members) {
      // A member whose outcome nobody knows stops the rest: memory may be behind the database.
      if (unsettled) rejectAll([member], waitsForEarlier());
      else await run([member]);
    }
  }

  async function afterUnknown(members: readonly Member[], group: Group, batchId: string, reason: string, runs: number): Promise<void> {
    const settlement = await writer.settle(batchId);
    switch (settlement) {
      case 'committed':
        takeOver(group);
        return answer(members, group);
      case 'void':
        if (runs < VOIDED_RUNS) return await run(members, runs + 1);
        return rejectAll(members, failedQuery({ kind: 'unavailable', message: `${reason}, ${runs} times; the change did not happen` }));
      case 'unsettled':
        unsettled = { batchId, group };
        return rejectAll(members, unknownOutcome(reason));
      default:
        unreachable(settlement);
    }
  }

  async function run(members: readonly Member[], runs = 1): Promise<void> {
    const group = composeGroup(
      members.map(({ batch }) => batch),
      memory,
      options.revision(),
    );
    if (group.accepted.length === 0) return answer(members, group);
    const startedMs = clock.bootMs();
    const sent = await writer.send(group.statements, options.revision());
    const event = {
      op: 'store.commit',
      members: members.length,
      statements: group.statements.length,
      durationMs: clock.bootMs() - startedMs,
    };
    switch (sent.kind) {
      case 'committed':
        takeOver(group);
        logger.debug({ ...event, outcome: 'ok', revision: group.headRevision });
        return answer(members, group);
      case 'fenced':
        logger.error({ ...event, outcome: 'refused', reason: 'fenced' });
        return rejectAll(members, fencedError());
      case 'failed':
        logger.warn({ ...event, outcome: 'failed', reason: sent.failure.message });
        return await afterFailure(members, sent.failure);
      case 'unknown':
        logger.warn({ ...event, outcome: 'failed', reason: sent.reason });
        return await afterUnknown(members, group, sent.batchId, sent.reason, runs);
      default:
        unreachable(sent);
    }
  }

  /** Whether writing may go on. */
  async function settleEarlier(): Promise<boolean> {
    if (!unsettled) return true;
    const { batchId, group } = unsettled;
    const settlement = await writer.settle(batchId);
    if (settlement === 'unsettled') return false;
    unsettled = undefined;
    if (settlement === 'committed') {
      takeOver(group);
      surprisedAt = options.revision();
    }
    return true;
  }

  /** What was decided without the change that came to be known is to be decided again: rows that it did not find guard nothing. */
  function answerSurprised(members: readonly Member[]): Member[] {
    return members.filter(({ batch, resolve }) => {
      const [first] = batch.mutations.flatMap((mutation) => (mutation.kind === 'event' ? [] : [mutation]));
      if (batch.basedOn === undefined || batch.basedOn >= surprisedAt || !first) return true;
      const id = first.kind === 'put' ? first.row.id : first.id;
      resolve({ kind: 'stale', table: first.table, id, expected: batch.basedOn, found: surprisedAt });
      return false;
    });
  }

  async function drain(): Promise<void> {
    // Callers of the same turn join the first group.
    await Promise.resolve();
    for (let members = takeGroup(); members.length > 0; members = takeGroup()) {
      try {
        if (await settleEarlier()) await run(answerSurprised(members));
        else rejectAll(members, waitsForEarlier());
        await options.afterGroup();
      } catch (error) {
        // A broken invariant must not leave callers waiting, nor stop the queue.
        logger.error({ op: 'store.commit', outcome: 'failed', members: members.length }, error);
        rejectAll(members, new CloudlessError('internal', 'The store could not commit the change.', { cause: error }));
      }
    }
  }

  function wake(): void {
    draining ??= drain().finally(() => {
      draining = undefined;
      if (waiting.size > 0) wake();
    });
  }

  return {
    push(batch, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<CommitOutcome>();
      const member: Member = { batch, resolve, reject, state: 'waiting' };
      if (!waiting.push(member)) {
        return Promise.reject(
          new CloudlessError(
            'overloaded',
            `${queueLimit} changes wait to be stored already. Try again in a moment.`,
            saying('tooMuchWaits', {}),
          ),
        );
      }
      const onAbort = (): void => {
        // In flight, the outcome is the database's to tell.
        if (member.state === 'taken') return;
        member.state = 'aborted';
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      wake();
      return promise.finally(() => signal?.removeEventListener('abort', onAbort));
    },
    async drained() {
      while (draining) await draining;
    },
  };
}
