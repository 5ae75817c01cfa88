import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import { ofNextRelease } from '@cloudless/proto/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createFileLeaseStore, leasePath, parseLeaseFile } from '../leases/file-lease-store.ts';
import { createMemory } from '../reconcile/allocation-memory.ts';
import { buildAssignment, buildIdentity } from '../testing/build-assignment.ts';
import { writeDurably } from './durable-file.ts';
import { createFileState } from './file-state.ts';
import { EMPTY_STATE, type HeldState } from './state.ts';

async function open() {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-state-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const logger = createMemoryLogger();
  return { folder, logger, state: createFileState(folder, logger) };
}

const web = buildAssignment();
const held: HeldState = {
  authority: { clusterId: buildIdentity().clusterId, epoch: 1, token: 2 },
  assignments: [web],
  memories: [createMemory(web.allocationId, 1, 1_700_000_000_000)],
  lastServerAt: 5,
};

test('what was saved is loaded again, readable by its owner only', async () => {
  const { folder, state, logger } = await open();
  expect(await state.loadIdentity()).toBeUndefined();
  expect(await state.loadHeld()).toEqual(EMPTY_STATE);
  await state.saveIdentity(buildIdentity());
  await state.saveHeld(held);
  const again = createFileState(folder, logger);
  expect(await again.loadIdentity()).toEqual(buildIdentity());
  expect(await again.loadHeld()).toEqual(held);
  for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
});

test('a flipped bit is found, the file set aside, and the agent goes on without it', async () => {
  const { folder, state, logger } = await open();
  await state.saveHeld(held);
  const path = join(folder, 'held.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('example/web:1', 'example/wob:1'));
  expect(await state.loadHeld()).toEqual(EMPTY_STATE);
  expect(await readdir(folder)).toContain('held.json.damaged');
  expect(logger.events).toMatchObject([{ op: 'state.load', outcome: 'failed' }]);
});

test('a save that was cut off before its rename leaves the old state', async () => {
  const { folder, state } = await open();
  await state.saveHeld(held);
  await writeFile(join(folder, 'held.json.new'), 'torn');
  expect(await state.loadHeld()).toEqual(held);
});

/** A later release's agent ran here, and was taken back. */
const writeAsNextRelease = (folder: string, name: string, value: unknown): Promise<void> =>
  writeDurably(join(folder, name), JSON.stringify(ofNextRelease(value)));

test('what a later release saved is read without the fields that this one does not know: who it is, what it holds, and its leases', async () => {
  const { folder, state, logger } = await open();
  const lent = { ...held, lending: { pausedAt: 5 } };
  const leases = {
    bootId: 'b',
    clusterId: buildIdentity().clusterId,
    nodeId: buildIdentity().nodeId,
    leases: [{ allocationId: web.allocationId, endsAtMs: 5 }],
  };
  await writeAsNextRelease(folder, 'identity.json', buildIdentity());
  await writeAsNextRelease(folder, 'held.json', lent);
  await writeAsNextRelease(folder, 'leases.json', leases);
  expect(await state.loadIdentity()).toEqual(buildIdentity());
  expect(await state.loadHeld()).toEqual(lent);
  expect(await createFileLeaseStore(folder, 'b', logger).load()).toEqual(leases);
  expect(parseLeaseFile(await readFile(leasePath(folder), 'utf8'))).toEqual(leases);
  expect(logger.events).toEqual([]);
});

test('what a later release saved with a value that this one does not know is set aside, with the reason', async () => {
  const { folder, state, logger } = await open();
  await writeAsNextRelease(folder, 'held.json', { ...held, assignments: [{ ...web, desired: 'hibernating' }] });
  expect(await state.loadHeld()).toEqual(EMPTY_STATE);
  expect(await readdir(folder)).toEqual(['held.json.unknown']);
  expect(logger.events).toMatchObject([{ op: 'state.load', outcome: 'failed', reason: expect.stringContaining('desired') as string }]);
});
