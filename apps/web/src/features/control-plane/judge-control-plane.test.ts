import type { ClusterStatus, StoreNode } from '@cloudless/proto';
import { expect, test } from 'vitest';
import { asHeard, judgeControlPlane } from './judge-control-plane.ts';

const node = (id: string, more: Partial<StoreNode> = {}): StoreNode => ({ id, address: id, role: 'follower', reachable: true, ...more });
const coordinator = (id: string): ClusterStatus['coordinators'][number] => ({ id, role: 'standby', version: '1', sinceAt: 0, seenAt: 0 });
const held = { state: 'held', confirmedAt: 0 } as const;
const rqlite = (...nodes: StoreNode[]): ClusterStatus['store'] => ({ kind: 'rqlite', nodes, checkedAt: 0 });
const three = [node('1'), node('2'), node('3')];
const two = [coordinator('a'), coordinator('b')];

test('one machine with the embedded database is said to be one', () => {
  const said = judgeControlPlane({
    leadership: { state: 'sole' },
    coordinators: [coordinator('a')],
    store: { kind: 'sqlite', path: '/', bytes: 1 },
  });
  expect(said).toMatchObject({ code: 'sole', tone: 'idle' });
});

test('a leader that cannot confirm its lease comes before everything', () => {
  const leadership = { state: 'unconfirmed', confirmedAt: 0, cause: { code: 'store_unavailable', message: 'away' } } as const;
  expect(judgeControlPlane({ leadership, coordinators: two, store: rqlite(...three) })).toMatchObject({ code: 'unconfirmed', tone: 'bad' });
});

test.each([
  ['all there', three, two, 'steady', 1],
  ['one store node away', [node('1'), node('2'), node('3', { reachable: false })], two, 'storeDegraded', 0],
  ['no majority', [node('1'), node('2', { reachable: false }), node('3', { reachable: false })], two, 'noQuorum', 0],
  ['readers do not count', [...three, node('4', { role: 'reader', reachable: false })], two, 'steady', 1],
  ['nobody takes over', three, [coordinator('a')], 'noStandby', 1],
  ['nothing known of it', [], two, 'storeUnknown', 0],
] as const)('%s', (_, nodes, coordinators, code, spare) => {
  const said = judgeControlPlane({ leadership: held, coordinators: [...coordinators], store: rqlite(...nodes) });
  expect(said).toMatchObject({ code, params: { spare } });
});

test('what the live stream tells of the lead counts before a status that is older', () => {
  const status = { leadership: held, coordinators: two, store: rqlite(...three) } as unknown as ClusterStatus;
  expect(asHeard(status, undefined)).toBe(status);
  expect(judgeControlPlane(asHeard(status, 5))).toMatchObject({ code: 'unconfirmed' });
  const sole: ClusterStatus = { ...status, leadership: { state: 'sole' } };
  expect(asHeard(sole, 5)).toBe(sole);
});
