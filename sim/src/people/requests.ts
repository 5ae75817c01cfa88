import type { WriteBatch } from '@cloudless/db';
import type { Clock } from '@cloudless/kernel';
import { isCloudlessError, type BatchId, type NodeRow, type WorkloadId, type WorkloadRow } from '@cloudless/proto';
import type { Draw } from '../draw.ts';
import { ATTEMPT, type Attempt, type History } from '../history.ts';
import type { Plant } from '../plants.ts';
import type { Trace } from '../trace.ts';
import type { Answer, Way } from './calls.ts';
import type { Endpoint } from './endpoint.ts';
import type { Change } from './wishes.ts';

/** What people send, and what is written down of it. */
export interface Requests {
  read(way: Way, workloadId: WorkloadId): void;
  create(way: Way, row: WorkloadRow): void;
  /** As the API changes: reads, decides on what it read, and guards by it. Asked twice, it asks for the same, by the same guard. */
  change(way: Way, workloadId: WorkloadId, decide: (row: WorkloadRow) => Change): void;
  changeNode(way: Way, row: NodeRow, expect: number, op: string): void;
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

const attemptOf = (row: WorkloadRow | undefined): number => Number(row?.annotations[ATTEMPT] ?? 0);

export function createRequests({ clock, draw, trace, history, plant }: RequestsOptions): Requests {
  /** The planted bug: what was seen before the newest change. */
  const past = new Map<WorkloadId, number>();
  let spoilIn = SPOIL_EVERY;

  const isSpoiled = (by: Plant): boolean => {
    if (plant !== by) return false;
    spoilIn -= 1;
    if (spoilIn > 0) return false;
    spoilIn = SPOIL_EVERY;
    return true;
  };
  function see(workloadId: WorkloadId, row: WorkloadRow | undefined): number {
    const saw = attemptOf(row);
    const before = past.get(workloadId) ?? saw;
    past.set(workloadId, saw);
    return isSpoiled('answers-from-the-past') ? before : saw;
  }

  async function commit(
    { store, deploy }: Endpoint,
    row: WorkloadRow,
    expect: number | 'absent',
  ): Promise<'acknowledged' | 'refused' | 'unknown'> {
    if (isSpoiled('forgets-a-write')) return 'acknowledged';
    const id = draw.entropy.id('batch') as BatchId;
    try {
      const batch: WriteBatch = { id, mutations: [{ kind: 'put', table: 'workload', row, expect }] };
      const { kind } = await (expect === 'absent' ? deploy(batch) : store.commit(batch));
      return kind === 'committed' ? 'acknowledged' : 'refused';
    } catch (cause) {
      return isCloudlessError(cause) && cause.code !== 'outcome_unknown' ? 'refused' : 'unknown';
    }
  }

  /** A write that was decided: what it is, and on what it is based. */
  type Wanted = { readonly attempt: Attempt; readonly row: WorkloadRow; readonly expect: number | 'absent' };

  async function write(endpoint: Endpoint, { attempt, row, expect }: Wanted): Promise<Answer> {
    const marked = { ...row, annotations: { ...row.annotations, [ATTEMPT]: String(attempt.id) } };
    return { outcome: await commit(endpoint, marked, expect) };
  }

  function note({ attempt, row }: Wanted, answer: Answer): void {
    if (!('outcome' in answer)) return;
    history.answer(attempt, answer.outcome);
    const { id, generation, isDelete } = attempt;
    const { name, spec, runState } = row;
    const { replicas } = spec;
    trace.note('person', { op: 'workload.write', attempt: id, name, generation, answer: answer.outcome, replicas, runState, isDelete });
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
    const attempt = history.attempt({ workloadId, generation, isDelete: row.deletedAt !== undefined, expects: attemptOf(before) });
    return { attempt, row, expect: version };
  }

  return {
    read(way, workloadId) {
      const look = history.look(workloadId);
      way({
        kind: 'read',
        about: workloadId,
        // Who is not sure to lead any more says so, and promises nothing.
        run: (endpoint) =>
          Promise.resolve(
            endpoint.isConfirmed() ? { saw: see(workloadId, endpoint.store.get('workload', workloadId)?.row) } : { stale: true },
          ),
        onAnswer(answer) {
          if ('saw' in answer) history.see(look, answer.saw);
        },
      });
    },
    create(way, row) {
      const attempt = history.attempt({ workloadId: row.id, generation: row.generation, isDelete: false, expects: 0 });
      const wanted = { attempt, row, expect: 'absent' } as const;
      way({ kind: 'write', about: row.id, run: (endpoint) => write(endpoint, wanted), onAnswer: (answer) => note(wanted, answer) });
    },
    change(way, workloadId, decide) {
      let wanted: Wanted | undefined;
      let answered: Answer | undefined;
      way({
        kind: 'write',
        about: workloadId,
        async run(endpoint) {
          if (!wanted) {
            wanted = decideOn(endpoint, workloadId, decide);
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
    },
    changeNode(way, row, expect, op) {
      const id = draw.entropy.id('batch') as BatchId;
      way({
        kind: 'write',
        about: row.id,
        async run({ store }) {
          try {
            await store.commit({ id, mutations: [{ kind: 'put', table: 'node', row, expect }] });
          } catch (failure) {
            trace.note('person', { op, node: row.name, answer: isCloudlessError(failure) ? failure.code : 'unknown' });
          }
          return { stale: true };
        },
        onAnswer: () => undefined,
      });
    },
  };
}
