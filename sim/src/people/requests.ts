import type { Store } from '@cloudless/db';
import type { Clock } from '@cloudless/kernel';
import { isCloudlessError, type BatchId, type NodeRow, type WorkloadId, type WorkloadRow } from '@cloudless/proto';
import type { Draw } from '../draw.ts';
import { ATTEMPT, type Attempt, type History } from '../history.ts';
import type { Incarnation } from '../incarnation.ts';
import type { Plant } from '../plants.ts';
import type { Trace } from '../trace.ts';
import type { Change } from './wishes.ts';

/** A coordinator that answers: its life, and the store that its API serves from. */
export type Endpoint = {
  readonly life: Incarnation;
  readonly store: Store;
  /** Whether its reads are of now, by its own count. */
  readonly isConfirmed: () => boolean;
};

/** What people send, and what is written down of it. A request takes time both ways; that of a coordinator that dies is never answered. */
export interface Requests {
  read(endpoint: Endpoint, workloadId: WorkloadId): void;
  create(endpoint: Endpoint, row: WorkloadRow): void;
  /** As the API changes: reads, decides on what it read, and guards by it. */
  change(endpoint: Endpoint, workloadId: WorkloadId, decide: (row: WorkloadRow) => Change): void;
  changeNode(endpoint: Endpoint, row: NodeRow, expect: number, op: string): void;
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
  const slowestMs = draw.pick([0, 5, 60]);
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
  const travel = (run: () => void): void => void clock.setTimer(draw.between(0, slowestMs), run);
  /** To the coordinator, unless it is dead by then. */
  const arrive = ({ life }: Endpoint, run: () => void): void => travel(() => life.enter(run));

  function see(workloadId: WorkloadId, row: WorkloadRow | undefined): number {
    const saw = attemptOf(row);
    const before = past.get(workloadId) ?? saw;
    past.set(workloadId, saw);
    return isSpoiled('answers-from-the-past') ? before : saw;
  }

  async function commit({ store }: Endpoint, row: WorkloadRow, expect: number | 'absent'): Promise<'acknowledged' | 'refused' | 'unknown'> {
    if (isSpoiled('forgets-a-write')) return 'acknowledged';
    const id = draw.entropy.id('batch') as BatchId;
    try {
      const { kind } = await store.commit({ id, mutations: [{ kind: 'put', table: 'workload', row, expect }] });
      return kind === 'committed' ? 'acknowledged' : 'refused';
    } catch (cause) {
      return isCloudlessError(cause) && cause.code !== 'outcome_unknown' ? 'refused' : 'unknown';
    }
  }

  async function write(endpoint: Endpoint, attempt: Attempt, row: WorkloadRow, expect: number | 'absent'): Promise<void> {
    const { life } = endpoint;
    const marked = { ...row, annotations: { ...row.annotations, [ATTEMPT]: String(attempt.id) } };
    const outcome = await commit(endpoint, marked, expect);
    if (!life.isAlive) return;
    travel(() => {
      history.answer(attempt, outcome);
      const { id, generation, isDelete } = attempt;
      const { name, spec, runState } = row;
      trace.note('person', {
        op: 'workload.write',
        attempt: id,
        name,
        generation,
        answer: outcome,
        replicas: spec.replicas,
        runState,
        isDelete,
      });
    });
  }

  return {
    read(endpoint, workloadId) {
      const look = history.look(workloadId);
      arrive(endpoint, () => {
        // Who is not sure to lead any more says so, and promises nothing.
        if (!endpoint.isConfirmed()) return;
        const saw = see(workloadId, endpoint.store.get('workload', workloadId)?.row);
        travel(() => history.see(look, saw));
      });
    },
    create(endpoint, row) {
      const attempt = history.attempt({ workloadId: row.id, generation: row.generation, isDelete: false, expects: 0 });
      arrive(endpoint, () => void write(endpoint, attempt, row, 'absent'));
    },
    change(endpoint, workloadId, decide) {
      arrive(endpoint, () => {
        const found = endpoint.store.get('workload', workloadId);
        if (!found || found.row.deletedAt !== undefined) return;
        const { row, version } = found;
        const { needsNewContainers = false, ...change } = decide(row);
        const generation = row.generation + 1;
        const next = {
          ...row,
          ...change,
          generation,
          updatedAt: clock.now(),
          ...(needsNewContainers ? { templateGeneration: generation } : {}),
        };
        const attempt = history.attempt({ workloadId, generation, isDelete: next.deletedAt !== undefined, expects: attemptOf(row) });
        void write(endpoint, attempt, next, version);
      });
    },
    changeNode(endpoint, row, expect, op) {
      const id = draw.entropy.id('batch') as BatchId;
      arrive(endpoint, () => {
        endpoint.store
          .commit({ id, mutations: [{ kind: 'put', table: 'node', row, expect }] })
          .catch((failure: unknown) =>
            trace.note('person', { op, node: row.name, answer: isCloudlessError(failure) ? failure.code : 'unknown' }),
          );
      });
    },
  };
}
