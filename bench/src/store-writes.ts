import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore, openCluster, type SqlDriver, type Store } from '@cloudless/db';
import { openRqlite } from '@cloudless/db/rqlite';
import { openSqlite } from '@cloudless/db/sqlite';
import { rqlited, startRqlited } from '@cloudless/db/testing';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import type { BatchId, NodeId } from '@cloudless/proto';
import { buildNodeRow } from '@cloudless/proto/testing';
import { figuresOf, type Measure, type Result, type Size } from './figures.ts';
import { measureIdleWrites } from './idle-writes.ts';

const clock = createRealClock();
const entropy = createRealEntropy();
/** Each load runs this long. */
const RUN_MS = 4000;
/** Commits of each client before the clock starts. */
const WARM_UP = 5;
const LOADS = [
  { clients: 16, rows: 1 },
  { clients: 256, rows: 1 },
  { clients: 16, rows: 100 },
  { clients: 64, rows: 100 },
] as const;
const GOALS = { embedded: 50_000, rqlite: 20_000 } as const;
const GOAL_P99_MS = 20;
const IDLE_DEVICES = 5000;

type Opened = { readonly driver: SqlDriver; close(): Promise<void> };
type Load = (typeof LOADS)[number];

async function openEmbedded(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'cloudless-bench-'));
  const { driver } = await openSqlite({ path: join(folder, 'store.db'), thread: 'worker', clock });
  return {
    driver,
    async close() {
      await driver.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openReal(program: string, nodes: 1 | 3): Promise<Opened> {
  const cluster = await startRqlited(program, nodes);
  const { driver } = await openRqlite({ urls: cluster.nodes.map(({ url }) => url), clock, entropy, logger: nullLogger });
  return {
    driver,
    async close() {
      await driver.stop();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** Why many clients wait longer on three nodes; by the profiles of rqlited and CPU of each process, on this machine. */
const WHY_LATE =
  'Each group of commits is guarded by the revision of the one before it and waits until that one is durable: encoding it, reading it as JSON, the logs of leader and followers, and SQLite take their turns. So nobody is busy all the time (of a core, leader 50 %, each follower 26 %, client 30 %), and two fifths of the leader’s share is reading JSON. What would reach it: a machine for each node, or a second group in flight';

/** One client: each call writes all its own rows once, from the version that the last commit gave them. */
function createWriter(store: Store, client: string, rowsEach: number): () => Promise<void> {
  const rows = Array.from({ length: rowsEach }, (_, index) => ({
    ...buildNodeRow(`${client}-${index}`),
    id: entropy.id('node') as NodeId,
  }));
  let version: number | 'absent' = 'absent';
  let turn = 0;
  return async () => {
    turn += 1;
    const mutations = rows.map((row) => ({ kind: 'put', table: 'node', row: { ...row, updatedAt: turn }, expect: version }) as const);
    const outcome = await store.commit({ id: entropy.id('batch') as BatchId, mutations });
    if (outcome.kind !== 'committed') throw new Error(`a client that alone writes its rows found them ${outcome.kind}`);
    version = outcome.revision;
  };
}

/** @returns what each commit took, in ms, and how long all of them took together */
async function run(store: Store, { clients, rows }: Load): Promise<{ readonly taken: readonly number[]; readonly ms: number }> {
  const writers = Array.from({ length: clients }, (_, index) => createWriter(store, `c${index}`, rows));
  await Promise.all(
    writers.map(async (write) => {
      for (let turn = 0; turn < WARM_UP; turn += 1) await write();
    }),
  );
  const taken: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    writers.map(async (write) => {
      for (let from = performance.now(); from < startedAt + RUN_MS; from = performance.now()) {
        await write();
        taken.push(performance.now() - from);
      }
    }),
  );
  return { taken, ms: performance.now() - startedAt };
}

type Subject = { readonly name: string; readonly goal: number; readonly whyLate?: string; open(): Promise<Opened> };

async function measureLoad({ name, goal, whyLate, open }: Subject, load: Load): Promise<Measure> {
  const { clients, rows } = load;
  const { driver, close } = await open();
  const cluster = await openCluster({ driver, clock, entropy });
  const store = await createStore({ driver, clock, entropy, logger: nullLogger, token: cluster.token });
  const { taken, ms } = await run(store, load);
  const rate = (taken.length * rows) / (ms / 1000);
  await store.stop();
  await close();
  const figures = figuresOf(taken);
  const isBulk = rows > 1;
  const isLate = !isBulk && figures.p99 > GOAL_P99_MS;
  return {
    name: `${name}: ${clients} clients, ${rows} ${isBulk ? 'rows a commit' : 'row a commit'}`,
    unit: 'rows/s',
    value: rate,
    ...(isBulk ? { goal: `≥ ${goal.toLocaleString('en')}`, met: rate >= goal } : { goal: `P99 ≤ ${GOAL_P99_MS} ms`, met: !isLate }),
    note: `a commit takes ${figures.p50.toFixed(1)} ms P50, ${figures.p95.toFixed(1)} P95, ${figures.p99.toFixed(1)} P99 (n=${figures.n})${isLate && whyLate !== undefined ? `. ${whyLate}` : ''}`,
    raw: taken.slice(0, 2000),
  };
}

/** B5: durable row writes through the whole store path (guards, group commit, change feed, memory), embedded and on real rqlite nodes when there are; and what is written when nothing happens. */
export async function measureStoreWrites({ devices = IDLE_DEVICES }: Size): Promise<Result> {
  const program = rqlited;
  const subjects: readonly Subject[] = [
    { name: 'SQLite', goal: GOALS.embedded, open: openEmbedded },
    ...(program === undefined
      ? []
      : ([1, 3] as const).map((nodes) => ({
          name: nodes === 1 ? 'rqlite, one node' : 'rqlite, three nodes',
          goal: GOALS.rqlite,
          ...(nodes === 3 ? { whyLate: WHY_LATE } : {}),
          open: () => openReal(program, nodes),
        }))),
  ];
  const measures: Measure[] = [];
  for (const subject of subjects) for (const load of LOADS) measures.push(await measureLoad(subject, load));
  measures.push(await measureIdleWrites(devices));
  return {
    id: 'B5',
    title: 'Durable row writes through the store',
    method: `Each client commits changes of its own rows, one commit after the other, for ${RUN_MS / 1000} s; each row is a device of about 700 bytes. Answered when durable: SQLite with WAL and a sync for every group, rqlite with its Raft log. Client, store and database share the machine. The clock starts when every client has made ${WARM_UP} commits. With 16 or 64 × 100 rows always waiting, what a commit takes is what the rate makes of the queue. Writes at rest: a coordinator process with SQLite, whose devices are light clients of the real protocol that beat and do nothing else.`,
    measures,
    leftOut: program === undefined ? ['rqlite: no rqlited was found on PATH or in RQLITED'] : ['rqlite over a real network'],
  };
}
