import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import type { BatchId, NodeId } from '@cloudless/proto';
import { buildNodeRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { openCluster } from '../open-cluster.ts';
import { openSqlite } from '../sql/sqlite/open-sqlite.ts';
import { createStore } from './create-store.ts';

const WRITER = new URL('../testing/endless-writer.ts', import.meta.url);
const clock = createRealClock();
const entropy = createRealEntropy();

function createFile() {
  const folder = mkdtempSync(join(tmpdir(), 'cloudless-durable-'));
  return { path: join(folder, 'cloudless.db'), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

async function openStore(path: string, thread: 'worker' | 'inline', fsyncDelayMs = 0) {
  const { driver } = await openSqlite({ path, thread, clock, faults: { fsyncDelayMs: () => fsyncDelayMs } });
  const cluster = await openCluster({ driver, clock, entropy });
  const store = await createStore({ driver, clock, entropy, logger: nullLogger, token: cluster.token });
  return {
    store,
    driver,
    async [Symbol.asyncDispose]() {
      await store.stop();
      await driver.stop();
    },
  };
}

/** Runs the writer and kills it without warning after so many acknowledgements. Gives what it had said by then. */
async function killWriterAfter(count: number, path: string): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [WRITER.pathname, path], { stdio: ['ignore', 'pipe', 'pipe'] });
  const acknowledged = new Map<string, number>();
  let complaint = '';
  writer.stderr.on('data', (text: Buffer) => (complaint += String(text)));
  for await (const line of createInterface({ input: writer.stdout })) {
    const [id = '', revision] = line.split(' ');
    // The last line may be cut short by the kill.
    if (id.length === 'node_'.length + 26 && revision !== undefined) acknowledged.set(id, Number(revision));
    if (acknowledged.size >= count) writer.kill('SIGKILL');
  }
  if (acknowledged.size < count) throw new Error(`the writer ended early: ${complaint}`);
  return acknowledged;
}

describe('a process that is killed', () => {
  it('loses nothing that it acknowledged, and leaves nothing half done', async () => {
    using file = createFile();
    const acknowledged = new Map<string, number>();
    for (const count of [1, 150, 400]) {
      for (const [id, revision] of await killWriterAfter(count, file.path)) acknowledged.set(id, revision);
      await using opened = await openStore(file.path, 'inline');
      for (const [id, revision] of acknowledged) expect(opened.store.get('node', id as NodeId)?.version).toBe(revision);
      // Each batch was one row: as many rows as revisions, whether their answer came or not.
      expect([...opened.store.list('node')]).toHaveLength(opened.store.revision);
      expect((await opened.driver.query({ sql: 'SELECT * FROM pragma_integrity_check' })).rows).toEqual([['ok']]);
    }
  }, 60_000);
});

/** Delay of the event loop in ms at a percentile, while rows are committed for a while over a disk that takes 200 ms. */
async function measureLoop(thread: 'worker' | 'inline', commits: number, percentile: number): Promise<number> {
  using file = createFile();
  await using slow = await openStore(file.path, thread, 200);
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  for (let count = 0; count < commits; count += 1) {
    await slow.store.commit({
      id: entropy.id('batch') as BatchId,
      mutations: [{ kind: 'put', table: 'node', row: buildNodeRow('laptop', { id: entropy.id('node') as NodeId }), expect: 'absent' }],
    });
    // The measure is a timer of the loop: it must get a turn.
    await clock.sleep(2);
  }
  histogram.disable();
  return histogram.percentile(percentile) / 1e6;
}

describe('a disk that takes 200 ms for every sync', () => {
  it('leaves the event loop alone: its delay stays below 20 ms in 99 of 100 turns', async () => {
    expect(await measureLoop('worker', 12, 99)).toBeLessThan(20);
  }, 60_000);

  it('would stop it without the thread, so that the measure can fail', async () => {
    expect(await measureLoop('inline', 3, 99)).toBeGreaterThan(150);
  }, 60_000);
});
