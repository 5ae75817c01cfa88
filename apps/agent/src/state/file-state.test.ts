import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createMemory } from '../reconcile/allocation-memory.ts';
import { buildAssignment, buildIdentity } from '../testing/build-assignment.ts';
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
