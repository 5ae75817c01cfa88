import { expect, test } from '@playwright/test';
import { watchWriters } from '../src/chaos/watch-writers.ts';

const MEMBERS = [
  { name: 'attic', storeHosts: new Set(['a1', 'a2']) },
  { name: 'cellar', storeHosts: new Set(['c1']) },
];
const TAKES = '[["INSERT INTO guard (ok) SELECT (SELECT c.token = ? …)",1],["UPDATE leader SET holder = ?","x"]]';
const WRITES = '[["INSERT INTO guard (ok) SELECT (SELECT token = ? FROM cluster)",1],"UPDATE workload"]';

test('a write of one who does not lead is found, and one of the leader on another of its ways to the store is none', () => {
  const writers = watchWriters();
  const commits = [
    ['a1', TAKES],
    ['a2', WRITES],
    ['a1', WRITES],
    ['c1', '["CREATE TABLE thing"]'],
    ['c1', TAKES],
    ['c1', WRITES],
  ] as const;
  for (const [host, body] of commits) writers.onCommit({ host, body });
  expect(writers.findForeign(MEMBERS)).toEqual([]);
  expect(writers.takeovers).toBe(2);
  writers.onCommit({ host: 'a2', body: WRITES });
  expect(writers.findForeign(MEMBERS)).toEqual([expect.stringContaining('attic wrote while cellar led')]);
});
