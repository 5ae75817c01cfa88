import type { SqlDriver } from '@cloudless/db';
import { CloudlessError, type AllocationRow, type BatchId, type CoordinatorMessage } from '@cloudless/proto';
import { buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createControlPlane } from '../control-plane/index.ts';
import { openSessions } from './testing/open-sessions.ts';

type Health = 'up' | 'refuses' | 'says nothing';

/** A database that stops answering when the test says so. What it was sent meanwhile never happened. */
function createFickleDriver() {
  const fickle = { health: 'up' as Health };
  const wrap = (driver: SqlDriver): SqlDriver => ({
    query: (statement, options) =>
      fickle.health === 'up'
        ? driver.query(statement, options)
        : Promise.reject(new CloudlessError('store_unavailable', 'The database does not answer.')),
    batch(statements, options) {
      if (fickle.health === 'up') return driver.batch(statements, options);
      return Promise.resolve(
        fickle.health === 'refuses'
          ? { kind: 'failed', failure: { kind: 'unavailable', message: 'the disk is full' }, statement: -1 }
          : { kind: 'unknown', reason: 'no answer came in time' },
      );
    },
    stop: () => driver.stop(),
  });
  return { fickle, wrap };
}

/** Two devices with a replica each, a third that is away, and the loop that decides. */
async function openCluster() {
  const { fickle, wrap } = createFickleDriver();
  const opened = await openSessions({ wrap });
  const { store, clock, entropy, logger, cluster, sessions } = opened;
  const plane = createControlPlane({ store, clock, entropy, logger, counts: sessions });
  const [laptop, pi, desk] = [await opened.addNode('laptop'), await opened.addNode('pi'), await opened.addNode('desk')];
  const links = { laptop: await opened.connect(laptop), pi: await opened.connect(pi) };
  const web = {
    ...buildWorkloadRow('web', { replicas: 2, resources: { requests: { cpuMillicores: 100 } } }),
    orgId: cluster.orgId,
    projectId: cluster.projectId,
  };
  await opened.commit({ kind: 'put', table: 'workload', row: web, expect: 'absent' });
  await plane.settled();
  await opened.settle();
  const rows = (): AllocationRow[] => store.allocationsOfWorkload(web.id).map(({ row }) => row);
  const report = (row: AllocationRow, restarts: number): void =>
    void Object.values(links)
      .find((_link, index) => [laptop, pi][index]?.id === row.nodeId)
      ?.agent.send({
        kind: 'report',
        reports: [{ allocationId: row.id, observed: buildObserved({ generation: row.desiredGeneration, restarts }) }],
      });
  for (const row of rows()) report(row, 0);
  await opened.settle();
  await plane.settled();
  return {
    ...opened,
    fickle,
    nodes: { laptop, pi, desk },
    links,
    rows,
    report,
    /** Time passes; those that are connected beat. */
    async beat(ms: number) {
      for (let passed = 0; passed < ms; passed += 500) {
        for (const { agent } of Object.values(links))
          if (!agent.signal.aborted) agent.send({ kind: 'heartbeat', sequence: passed, allocations: [] });
        await clock.advance(500);
      }
    },
    /** A person's write, and how it was answered. */
    async write(name: string): Promise<string> {
      const answer = store
        .commit({
          id: entropy.id('batch') as BatchId,
          mutations: [{ kind: 'put', table: 'node', row: buildNodeRow(name, { id: entropy.id('node') as never }), expect: 'absent' }],
        })
        .then(
          ({ kind }) => kind as string,
          (cause: unknown) => (cause instanceof CloudlessError ? cause.code : String(cause)),
        );
      await this.beat(10_000);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await plane.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

const ORDERS: ReadonlySet<CoordinatorMessage['kind']> = new Set(['complete', 'incremental', 'refused', 'departed']);

describe.each<[Exclude<Health, 'up'>, string]>([
  ['refuses', 'store_unavailable'],
  ['says nothing', 'outcome_unknown'],
])('while the database %s', (health, firstAnswer) => {
  it('reads go on, writes say how they ended, and devices are told nothing; then what they said is written, the newest of each', async () => {
    await using opened = await openCluster();
    const { fickle, links, nodes, rows, store } = opened;
    expect(rows().map(({ observed, desired }) => [observed.phase, desired])).toEqual([
      ['running', 'running'],
      ['running', 'running'],
    ]);
    expect(new Set(rows().map(({ nodeId }) => nodeId)).size).toBe(2);
    const [heard, revision] = [links.laptop.heard.length, store.revision];

    fickle.health = health;
    expect(await opened.write('first')).toBe(firstAnswer);
    const [own] = store.allocationsOfNode(nodes.laptop.id);
    if (!own) throw new Error('the laptop holds nothing');
    for (let restarts = 1; restarts <= 500; restarts += 1) opened.report(own.row, restarts);
    links.pi.sever();
    await opened.beat(20_000);
    expect(await opened.write('second')).toBe('store_unavailable');

    expect(store.revision).toBe(revision);
    expect(rows()).toHaveLength(2);
    expect(links.laptop.agent.signal.aborted).toBe(false);
    expect(links.laptop.heard.slice(heard).filter(({ kind }) => ORDERS.has(kind))).toEqual([]);
    // Acknowledged all the while, or the device would look for another coordinator.
    expect(links.laptop.heard.length - heard).toBeGreaterThanOrEqual(80);

    // One that comes meanwhile is served from memory.
    const coming = opened.connect(nodes.desk);
    await opened.beat(2000);
    expect(opened.sessions.channels(nodes.desk.id).heartbeat).toMatchObject({ connected: true, rttMs: 0 });
    expect(opened.stateOf(nodes.desk)?.cause.code).toBe('not_connected_yet');

    const written: string[] = [];
    store.onCommit(({ changes }) => {
      for (const change of changes)
        if (change.kind === 'put' && change.table === 'allocation' && change.row.id === own.row.id)
          written.push(`${change.row.observed.restarts}`);
    });
    fickle.health = 'up';
    await opened.beat(10_000);
    expect((await coming).kinds()).toContain('complete');
    expect(opened.stateOf(nodes.desk)?.word).toBe('online');
    expect(written).toEqual(['500']);
    expect(opened.stateOf(nodes.pi)).toMatchObject({ word: 'unreachable', cause: { code: 'link_closed' } });
    expect((await opened.kindsOfEvents()).filter((kind) => kind === 'node.unreachable')).toHaveLength(1);
    expect(await opened.write('third')).toBe('committed');
  });
});
