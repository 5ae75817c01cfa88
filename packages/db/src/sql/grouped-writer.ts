import { createBoundedQueue } from '@cloudless/kernel';
import type { SqlFailure, Statement } from './driver.ts';
import { failedQuery, overloaded } from './failures.ts';
import type { GuardedOutcome, GuardedWriter } from './guarded-writer.ts';

/** Statements of one request, its overhead aside. A write that has more travels alone. */
const GROUP_STATEMENTS = 500;
const QUEUE_LIMIT = 4096;

type Member = {
  readonly statements: readonly Statement[];
  readonly resolve: (outcome: GuardedOutcome) => void;
  readonly reject: (cause: unknown) => void;
};

/** Whether members of a failed group are worth a try each: one of them broke it, not the database. */
export const isMembersFault = (failure: SqlFailure): boolean =>
  failure.kind === 'constraint' || failure.kind === 'refused' || failure.kind === 'statement';

/**
 * Writes that come together share a request and its sync of the disk: while one is in flight, the next gathers. Each is still atomic, has its own guards
 * and its own outcome: if one of a group fails, each is tried by itself, in order.
 */
export function createGroupedWriter(writer: GuardedWriter): Pick<GuardedWriter, 'write'> {
  const waiting = createBoundedQueue<Member>(QUEUE_LIMIT);
  let held: Member | undefined;
  let draining: Promise<void> | undefined;

  function takeGroup(): readonly Member[] {
    const members: Member[] = [];
    let statements = 0;
    for (let next = held ?? waiting.shift(); next; next = waiting.shift()) {
      held = undefined;
      statements += next.statements.length;
      if (members.length > 0 && statements > GROUP_STATEMENTS) {
        held = next;
        break;
      }
      members.push(next);
    }
    return members;
  }

  function answer(members: readonly Member[], outcome: GuardedOutcome): void {
    let from = 0;
    for (const { statements, resolve } of members) {
      const until = from + statements.length;
      if (outcome.kind === 'committed' && outcome.results) resolve({ ...outcome, results: outcome.results.slice(from, until) });
      else resolve(outcome.kind === 'failed' && members.length > 1 ? { ...outcome, statement: -1 } : outcome);
      from = until;
    }
  }

  async function run(members: readonly Member[]): Promise<void> {
    try {
      const outcome = await writer.write(members.flatMap(({ statements }) => statements));
      if (members.length === 1 || outcome.kind !== 'failed' || !isMembersFault(outcome.failure)) return answer(members, outcome);
    } catch (cause) {
      for (const { reject } of members) reject(cause);
      return;
    }
    for (const member of members) await run([member]);
  }

  async function drain(): Promise<void> {
    // Callers of the same turn join the first group.
    await Promise.resolve();
    for (let members = takeGroup(); members.length > 0; members = takeGroup()) await run(members);
    draining = undefined;
  }

  return {
    write(statements) {
      const { promise, resolve, reject } = Promise.withResolvers<GuardedOutcome>();
      if (!waiting.push({ statements, resolve, reject })) return Promise.reject(failedQuery(overloaded(QUEUE_LIMIT)));
      draining ??= drain();
      return promise;
    },
  };
}
