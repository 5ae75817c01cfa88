import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { agentFileName, endTrial, isOnTrial, putInPlace, readOwnSha256 } from './installed-agent.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
async function* bytes(text: string) {
  yield Buffer.from(text.slice(0, 3));
  yield Buffer.from(text.slice(3));
}

async function open() {
  const home = await mkdtemp(join(tmpdir(), 'cloudless-update-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const first = agentFileName(sha256('the first'));
  await writeFile(join(home, first), 'the first');
  await symlink(first, join(home, 'current'));
  return { home, first };
}

it('puts a version in place on trial, and forgets the one before once it was welcomed', async () => {
  const { home, first } = await open();
  expect(readOwnSha256(home)).toBe(sha256('the first'));
  await putInPlace(home, sha256('the second'), bytes('the second'), 10);
  expect(readOwnSha256(home)).toBe(sha256('the second'));
  expect([await isOnTrial(home), await readFile(join(home, 'trial'), 'utf8')]).toEqual([true, first]);
  await endTrial(home);
  expect(await isOnTrial(home)).toBe(false);
  expect((await readdir(home)).toSorted()).toEqual([agentFileName(sha256('the second')), 'current'].toSorted());
});

it.each([
  ['another text', 'the second', 100],
  ['more than was announced', 'the second', 5],
])('keeps what runs when %s comes', async (_what, announced, limit) => {
  const { home, first } = await open();
  const text = limit === 5 ? 'the second' : 'a forgery!';
  await expect(putInPlace(home, sha256(announced), bytes(text), limit)).rejects.toThrow();
  expect([await readlink(join(home, 'current')), await isOnTrial(home)]).toEqual([first, false]);
});
