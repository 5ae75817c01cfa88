import { createDoubleDatabase, type DoubleAnswer, type DoubleDatabase, type Shape } from './double-database.ts';
import type { DoubleStatement } from './parse-request.ts';

/** One entry of the log: every node runs it for itself. */
type Entry = {
  readonly kind: 'execute' | 'request';
  readonly statements: readonly DoubleStatement[];
  readonly isTransaction: boolean;
  readonly shape: Shape;
};

export type Member = {
  readonly id: string;
  readonly database: DoubleDatabase;
  appliedIndex: number;
  isUp: boolean;
  /** Applies nothing until it is released: a follower that fell behind. */
  isHeld: boolean;
  /** It led, does not any more, and has not heard of it: its weak reads are stale. */
  believesItLeads: boolean;
};

/** Who leads and what was agreed on; three copies of the database that could diverge. */
export interface DoubleRaft {
  readonly members: readonly Member[];
  readonly term: number;
  leader(): Member | undefined;
  /** Agrees on an entry, applies it at once wherever nothing holds it, and answers as the leader. */
  commit(entry: Entry): DoubleAnswer;
  /** Leadership goes to `id`, or to the next node that is up; `believes`: the old leader does not notice. */
  elect(id?: string, options?: { readonly believes?: boolean }): void;
  depose(): void;
  kill(id: string): void;
  hold(id: string): void;
  release(id: string): void;
  close(): void;
}

/** @param nowAt the wall clock of the node of that index */
export function createDoubleRaft(count: number, nowAt: (index: number) => number): DoubleRaft {
  const log: Entry[] = [];
  const members: Member[] = Array.from({ length: count }, (_, index) => ({
    id: `n${index}`,
    database: createDoubleDatabase(() => nowAt(index)),
    appliedIndex: 0,
    isUp: true,
    isHeld: false,
    believesItLeads: false,
  }));
  let leader = members[0];
  let term = 1;

  function catchUp(member: Member): DoubleAnswer | undefined {
    let answer: DoubleAnswer | undefined;
    while (member.appliedIndex < log.length) {
      const entry = log[member.appliedIndex];
      if (!entry) break;
      answer = member.database[entry.kind](entry.statements, entry.isTransaction, entry.shape);
      member.appliedIndex += 1;
    }
    return answer;
  }

  const byId = (id: string): Member => {
    const found = members.find((member) => member.id === id);
    if (!found) throw new Error(`there is no node ${id}`);
    return found;
  };
  const hasMajority = (): boolean => members.filter(({ isUp }) => isUp).length * 2 > members.length;

  const raft: DoubleRaft = {
    members,
    get term() {
      return term;
    },
    leader: () => (leader?.isUp && hasMajority() ? leader : undefined),
    commit(entry) {
      log.push(entry);
      let answer: DoubleAnswer | undefined;
      for (const member of members) {
        if (!member.isUp || member.isHeld) continue;
        const applied = catchUp(member);
        if (member === leader) answer = applied;
      }
      return answer ?? { results: [], error: 'not leader' };
    },
    elect(id, { believes = false } = {}) {
      const before = leader;
      const others = members.filter((member) => member.isUp && !member.isHeld && member !== before);
      leader = id === undefined ? (others[0] ?? before) : byId(id);
      term += 1;
      for (const member of members) member.believesItLeads = believes && member === before && member !== leader;
      if (leader) catchUp(leader);
    },
    depose() {
      leader = undefined;
    },
    kill(id) {
      byId(id).isUp = false;
      if (leader?.id === id) leader = undefined;
    },
    hold: (id) => void (byId(id).isHeld = true),
    release(id) {
      byId(id).isHeld = false;
      catchUp(byId(id));
    },
    close() {
      for (const { database } of members) database.close();
    },
  };
  return raft;
}
