import type { Mutation, WriteBatch } from '@cloudless/db';
import type { Clock } from '@cloudless/kernel';
import { isCloudlessError, type BatchId, type NodeId, type NodeRow, type WorkloadId, type WorkloadRow } from '@cloudless/proto';
import type { Draw } from '../draw.ts';
import { ATTEMPT, attemptOf, findRow, type Attempt, type History, type RowId } from '../history.ts';
import type { Plant } from '../plants.ts';
import type { Trace } from '../trace.ts';
import type { Answer, Way } from './calls.ts';
import type { Endpoint } from './endpoint.ts';
import type { Change } from './wishes.ts';

/** What people send, and what is written down of it. */
export interface Requests {
  read(way: Way, rowId: RowId): void;
  create(way: Way, row: WorkloadRow): void;
  /** As the API changes: reads, decides on what it read, and guards by it. Asked twice, it asks for the same, by the same guard. */
  change(way: Way, workloadId: WorkloadId, decide: (row: WorkloadRow) => Change): void;
  /** As `change`, of a device. */
  changeNode(way: Way, nodeId: NodeId, decide: (row: NodeRow) => NodeRow): void;
}

export type RequestsOptions = {
  readonly clock: Clock;
  readonly draw: Draw;
  readonly trace: Trace;
  readonly history: History;
  readonly plant: Plant | undefined;
};

/** Of the requests that a planted bug spoils: every so many. */
const SPOIL_EVERY = 7;

export function createRequests({ clock, draw, trace, history, plant }: RequestsOptions): Requests {
  /** The planted bug: what was seen before the newest change. */
  const past = new Map<RowId, number>();
  let spoilIn = SPOIL_EVERY;

  const isSpoiled = (by: Plant): boolean => {
    if (plant !== by) return false;
    spoilIn -= 1;
    if (spoilIn > 0) return false;
    spoilIn = SPOIL_EVERY;
    return true;
  };
  function see({ store }: Endpoint, rowId: RowId): number {
    const saw = attemptOf(findRow(store, rowId));
    const before = past.get(rowId) ?? saw;
    past.set(rowId, saw);
    return isSpoiled('answers-from-the-past') ? before : saw;
  }

  async function commit({ store, deploy }: Endpoint, mutation: Mutation): Promise<'acknowledged' | 'refused' | 'unknown'> {
    if (isSpoiled('forgets-a-write')) return 'acknowledged';
    const id = draw.entropy.id('batch') as BatchId;
    try {
      const batch: WriteBatch = { id, mutations: [mutation] };
      const isNew = mutation.kind === 'put' && mutation.table === 'workload' && mutation.expect === 'absent';
      const { kind } = await (isNew ? deploy(batch) : store.commit(batch));
      return kind === 'committed' ? 'acknowledged' : 'refused';
    } catch (cause) {
      return isCloudlessError(cause) && cause.code !== 'outcome_unknown' ? 'refused' : 'unknown';
    }
  }

  /** A write that was decided: what it is, and on what it is based. */
  type Wanted = { readonly attempt: Attempt; readonly row: WorkloadRow | NodeRow; readonly expect: number | 'absent' };

  async function write(endpoint: Endpoint, { attempt, row, expect }: Wanted): Promise<Answer> {
    const mark = { [ATTEMPT]: String(attempt.id) };
    const mutation: Mutation =
      'annotations' in row
        ? { kind: 'put', table: 'workload', row: { ...row, annotations: { ...row.annotations, ...mark } }, expect }
        : { kind: 'put', table: 'node', row: { ...row, labels: { ...row.labels, ...mark } }, expect };
    return { outcome: await commit(endpoint, mutation) };
  }

  function note({ attempt, row }: Wanted, answer: Answer): void {
    if (!('outcome' in answer)) return;
    const { outcome } = answer;
    history.answer(attempt, outcome);
    const { id, generation, isDelete } = attempt;
    if ('spec' in row) {
      const { name, runState, spec } = row;
      const { replicas } = spec;
      trace.note('person', { op: 'workload.write', attempt: id, name, generation, answer: outcome, replicas, runState, isDelete });
    } else {
      const { name, lending, drain } = row;
      const isPaused = lending?.pausedAt !== undefined;
      trace.note('person', {
        op: 'node.write',
        attempt: id,
        name,
        answer: outcome,
        isPaused,
        drainedAt: drain?.sinceAt,
        deadlineAt: drain?.deadlineAt,
      });
    }
  }

  function decideOn(endpoint: Endpoint, workloadId: WorkloadId, decide: (row: WorkloadRow) => Change): Wanted | undefined {
    const found = endpoint.store.get('workload', workloadId);
    if (!found || found.row.deletedAt !== undefined) return undefined;
    const { row: before, version } = found;
    const { needsNewContainers = false, ...change } = decide(before);
    const generation = before.generation + 1;
    const row = {
      ...before,
      ...change,
      generation,
      updatedAt: clock.now(),
      ...(needsNewContainers ? { templateGeneration: generation } : {}),
    };
    const attempt = history.attempt({ rowId: workloadId, generation, isDelete: row.deletedAt !== undefined, expects: attemptOf(before) });
    return { attempt, row, expect: version };
  }

  function decideOnNode(endpoint: Endpoint, nodeId: NodeId, decide: (row: NodeRow) => NodeRow): Wanted | undefined {
    const found = endpoint.store.get('node', nodeId);
    if (!found || found.row.revokedAt !== undefined) return undefined;
    const expects = attemptOf(found.row);
    const before = history.attempts.get(nodeId)?.find(({ id }) => id === expects);
    const attempt = history.attempt({ rowId: nodeId, generation: (before?.generation ?? 0) + 1, isDelete: false, expects });
    return { attempt, row: { ...decide(found.row), updatedAt: clock.now() }, expect: found.version };
  }

  /** Asked twice, it asks for the same, by the same guard. */
  function ask(way: Way, rowId: RowId, decide: (endpoint: Endpoint) => Wanted | undefined): void {
    let wanted: Wanted | undefined;
    let answered: Answer | undefined;
    way({
      kind: 'write',
      about: rowId,
      async run(endpoint) {
        if (!wanted) {
          wanted = decide(endpoint);
          // It came after its answer, which has to hold.
          if (wanted && answered) note(wanted, answered);
        }
        return wanted ? await write(endpoint, wanted) : { outcome: 'refused' };
      },
      onAnswer(answer) {
        answered = answer;
        if (wanted) note(wanted, answer);
      },
    });
  }

  return {
    read(way, rowId) {
      const look = history.look(rowId);
      way({
        kind: 'read',
        about: rowId,
        // Who is not sure to lead any more says so, and promises nothing.
        run: (endpoint) => Promise.resolve(endpoint.isConfirmed() ? { saw: see(endpoint, rowId) } : { stale: true }),
        onAnswer(answer) {
          if ('saw' in answer) history.see(look, answer.saw);
        },
      });
    },
    create(way, row) {
      const attempt = history.attempt({ rowId: row.id, generation: row.generation, isDelete: false, expects: 0 });
      const wanted = { attempt, row, expect: 'absent' } as const;
      way({ kind: 'write', about: row.id, run: (endpoint) => write(endpoint, wanted), onAnswer: (answer) => note(wanted, answer) });
    },
    change: (way, workloadId, decide) => ask(way, workloadId, (endpoint) => decideOn(endpoint, workloadId, decide)),
    changeNode: (way, nodeId, decide) => ask(way, nodeId, (endpoint) => decideOnNode(endpoint, nodeId, decide)),
  };
}
