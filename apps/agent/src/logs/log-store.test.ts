import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AllocationId } from '@cloudless/proto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RawLogLine } from '../runtime/runtime.ts';
import { createFileLogStore } from './file-log-store.ts';
import { LOG_RETENTION_MS, MAX_LOG_BYTES, type LogStore } from './log-store.ts';
import { createMemoryLogStore } from './memory-log-store.ts';

const id = `alloc_${'a'.repeat(26)}` as AllocationId;
const lines = (from: number, count: number, text = 'line'): RawLogLine[] =>
  Array.from({ length: count }, (_, index) => ({
    timestampNs: `17000000000000${String(from + index).padStart(5, '0')}`,
    stream: 'stdout',
    text: `${text} ${from + index}`,
  }));

async function openFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-logs-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const stores: Readonly<Record<string, () => Promise<LogStore>>> = {
  memory: () => Promise.resolve(createMemoryLogStore()),
  file: async () => createFileLogStore(await openFolder()),
};

describe.each(Object.keys(stores))('the %s log store', (kind) => {
  const open = (): Promise<LogStore> => stores[kind]?.() ?? Promise.reject(new Error(kind));

  test('lines come back in order, and after a cursor exactly the later ones', async () => {
    const store = await open();
    await store.append(id, lines(0, 5));
    const all = await store.read(id, { limit: 100 });
    expect(all.map((line) => line.text)).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4']);
    expect(all.map((line) => line.cursor)).toEqual(all.map((line) => line.cursor).toSorted());
    const rest = await store.read(id, { after: all[2]?.cursor ?? '', limit: 100 });
    expect(rest.map((line) => line.text)).toEqual(['line 3', 'line 4']);
    expect(await store.read(id, { limit: 2 })).toEqual(all.slice(0, 2));
  });

  test('the newest lines are found by count', async () => {
    const store = await open();
    await store.append(id, lines(0, 5));
    const after = await store.cursorBefore(id, 2);
    expect((await store.read(id, { after: after ?? '', limit: 10 })).map((line) => line.text)).toEqual(['line 3', 'line 4']);
    expect(await store.cursorBefore(id, 5)).toBeUndefined();
    expect(await store.cursorBefore(id, 0)).toBe((await store.read(id, { limit: 10 })).at(-1)?.cursor);
  });

  test('the position counts the lines of the newest instant', async () => {
    const store = await open();
    expect(await store.position(id)).toBeUndefined();
    await store.append(id, [...lines(0, 1), ...lines(1, 1), ...lines(1, 1)]);
    expect(await store.position(id)).toEqual({ timestampNs: '1700000000000000001', count: 2 });
  });

  test('listeners are told of appends until they stop listening', async () => {
    const store = await open();
    let told = 0;
    const stop = store.onAppend(id, () => (told += 1));
    await store.append(id, lines(0, 1));
    stop();
    await store.append(id, lines(1, 1));
    expect(told).toBe(1);
  });

  test('lines outlive their allocation for the retention and no longer', async () => {
    const store = await open();
    await store.append(id, lines(0, 3));
    await store.retire(id, 1000);
    expect(await store.sweep(1000 + LOG_RETENTION_MS)).toBe(0);
    expect(await store.read(id, { limit: 10 })).toHaveLength(3);
    expect(await store.sweep(1001 + LOG_RETENTION_MS)).toBe(1);
    expect(await store.read(id, { limit: 10 })).toEqual([]);
  });
});

test('a file store goes on where it was, and a torn last line is cut off', async () => {
  const folder = await openFolder();
  await createFileLogStore(folder).append(id, lines(0, 3));
  const [segment] = await readdir(join(folder, id));
  await appendFile(join(folder, id, segment ?? ''), '[3,"17000');
  const store = createFileLogStore(folder);
  expect(await store.position(id)).toMatchObject({ timestampNs: '1700000000000000002' });
  await store.append(id, lines(3, 1));
  expect((await store.read(id, { limit: 10 })).map((line) => line.text)).toEqual(['line 0', 'line 1', 'line 2', 'line 3']);
});

test('a file store keeps at most 10 MB of an allocation, the newest', async () => {
  const store = createFileLogStore(await openFolder());
  const long = 'x'.repeat(10_000);
  for (let from = 0; from < 1300; from += 50) await store.append(id, lines(from, 50, long));
  const kept = await store.read(id, { limit: 10_000 });
  const bytes = kept.reduce((sum, line) => sum + line.text.length, 0);
  expect(bytes).toBeLessThanOrEqual(MAX_LOG_BYTES);
  expect(bytes).toBeGreaterThan(MAX_LOG_BYTES * 0.8);
  expect(kept.at(-1)?.text.endsWith(' 1299')).toBe(true);
});

test('a file store keeps no more of what comes all at once', async () => {
  const store = createFileLogStore(await openFolder());
  await store.append(id, lines(0, 500, 'x'.repeat(60_000)));
  const kept = await store.read(id, { limit: 10_000 });
  expect(kept.reduce((sum, line) => sum + line.text.length, 0)).toBeLessThanOrEqual(MAX_LOG_BYTES);
  expect(kept.at(-1)?.text.endsWith(' 499')).toBe(true);
  await store.append(id, lines(500, 1));
  expect((await store.read(id, { after: kept.at(-1)?.cursor ?? '', limit: 10 })).map((line) => line.text)).toEqual(['line 500']);
});
