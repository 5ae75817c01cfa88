import type { Mutation, Store } from '@cloudless/db';
import { createTestStore } from '@cloudless/db/testing';
import { createManualClock, createMemoryLogger, createSeededEntropy } from '@cloudless/kernel/testing';
import {
  isTerminalPhase,
  type AllocationObserved,
  type AllocationRow,
  type BatchId,
  type ClusterEvent,
  type EventKind,
  type NodeId,
  type NodeRow,
  type WorkloadId,
  type WorkloadRow,
  type WorkloadSpec,
} from '@cloudless/proto';
import { buildObserved } from '@cloudless/proto/testing';
import { createReportWriter } from '../../node-sessions/report-writer.ts';
import { createControlPlane, type ControlPlane } from '../index.ts';

/** What the agent of a node answers to an assignment; `undefined` keeps it silent. */
export type Answer = (row: AllocationRow, now: number) => AllocationObserved | undefined;

/** Runs what it is told and stops what it is told. */
export const obey: Answer = (row, now) => {
  if (isTerminalPhase(row.observed.phase)) return undefined;
  const answer = { generation: row.desiredGeneration, sinceAt: now };
  if (row.desired === 'stopped')
    return buildObserved({ ...answer, phase: 'stopped', ready: false, cause: { code: 'stopped', message: 'stopped as told' } });
  return row.observed.phase === 'running' ? undefined : buildObserved(answer);
};

export const staySilent: Answer = () => undefined;

/** Every container that it starts ends at once; those that run go on. */
export const crash: Answer = (row, now) =>
  row.desired === 'stopped' || row.observed.phase === 'running' || isTerminalPhase(row.observed.phase)
    ? obey(row, now)
    : buildObserved({
        phase: 'failed',
        ready: false,
        generation: row.desiredGeneration,
        sinceAt: now,
        cause: { code: 'exited', message: 'exited with code 1' },
        exit: { code: 1, oomKilled: false, at: now },
      });

export type TestPlane = Awaited<ReturnType<typeof createTestPlane>>;

/**
 * The control plane over the real store in memory, with agents that answer through the real writer of reports: `await using`.
 *
 * @param wrap puts something between the control plane and the store
 */
export async function createTestPlane({ wrap = (same: Store) => same }: { readonly wrap?: (store: Store) => Store } = {}) {
  const clock = createManualClock();
  const entropy = createSeededEntropy(7);
  const logger = createMemoryLogger();
  const opened = await createTestStore({ clock, entropy });
  const { store } = opened;
  const reports = createReportWriter({ store, clock, entropy, logger });
  const events: ClusterEvent[] = [];
  store.onCommit(({ changes }) => {
    for (const change of changes) if (change.kind === 'event') events.push(change.event);
  });
  const answers = new Map<NodeId, Answer>();
  const startPlane = (): ControlPlane => createControlPlane({ store: wrap(store), clock, entropy, logger });
  /** Timers of the store alone. */
  const timersBefore = clock.pending;
  let plane = startPlane();

  async function write(...mutations: Mutation[]): Promise<void> {
    const outcome = await store.commit({ id: entropy.id('batch') as BatchId, mutations });
    if (outcome.kind !== 'committed') throw new Error(`a test's own write was ${outcome.kind}`);
  }

  function answerAll(): void {
    for (const { row } of store.list('allocation')) {
      const observed = (answers.get(row.nodeId) ?? staySilent)(row, clock.now());
      if (observed) reports.take(row.nodeId, [{ allocationId: row.id, observed }]);
    }
  }

  /** Lets everybody act until nothing changes while time stands still. */
  async function settle(): Promise<void> {
    for (let turn = 0, last = -1; last !== store.revision; turn += 1) {
      if (turn > 200) throw new Error('the control plane does not come to rest');
      last = store.revision;
      await plane.settled();
      answerAll();
      await reports.settled();
      await plane.settled();
    }
  }

  const rowsOf = (workloadId: WorkloadId): AllocationRow[] =>
    store
      .allocationsOfWorkload(workloadId)
      .map(({ row }) => row)
      .sort((a, b) => a.slot - b.slot);

  return {
    store,
    clock,
    logger,
    events,
    timersBefore,
    settle,
    write,
    get plane() {
      return plane;
    },
    /** A node that joins, with an agent. */
    async join(row: NodeRow, answer: Answer = obey) {
      answers.set(row.id, answer);
      await write({ kind: 'put', table: 'node', row, expect: store.get('node', row.id)?.version ?? 'absent' });
    },
    setAnswer: (nodeId: NodeId, answer: Answer) => void answers.set(nodeId, answer),
    async changeNode(nodeId: NodeId, change: (row: NodeRow) => Partial<NodeRow>) {
      const found = store.get('node', nodeId);
      if (!found) throw new Error(`no ${nodeId}`);
      await write({ kind: 'put', table: 'node', row: { ...found.row, ...change(found.row) }, expect: found.version });
    },
    async setWord(nodeId: NodeId, word: NodeRow['state']['word']) {
      await this.changeNode(nodeId, () => ({ state: { word, cause: { code: word, message: `it is ${word}` }, sinceAt: clock.now() } }));
    },
    deploy: (row: WorkloadRow) => write({ kind: 'put', table: 'workload', row, expect: 'absent' }),
    /** As the API does: each change raises the generation, and the template's where new containers are needed. */
    async changeWorkload(
      workloadId: WorkloadId,
      change: Partial<Omit<WorkloadRow, 'spec'>> & { readonly spec?: Partial<WorkloadSpec> },
      needsNewContainers = false,
    ) {
      const found = store.get('workload', workloadId);
      if (!found) throw new Error(`no ${workloadId}`);
      const { row, version } = found;
      const generation = row.generation + 1;
      const changed = {
        ...row,
        ...change,
        spec: { ...row.spec, ...change.spec },
        generation,
        templateGeneration: needsNewContainers ? generation : row.templateGeneration,
      };
      await write({ kind: 'put', table: 'workload', row: changed, expect: version });
    },
    /** Lets `ms` pass in steps, everybody acting in between. */
    async elapse(ms: number, stepMs = 250) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        await clock.advance(Math.min(stepMs, ms - passed));
        await settle();
      }
    },
    rowsOf,
    wantedOf: (workloadId: WorkloadId) => rowsOf(workloadId).filter((row) => row.desired === 'running'),
    eventsOf: (kind: EventKind) => events.filter((event) => event.kind === kind),
    async restartPlane() {
      await plane.stop();
      plane = startPlane();
    },
    async [Symbol.asyncDispose]() {
      await plane.stop();
      reports.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}
