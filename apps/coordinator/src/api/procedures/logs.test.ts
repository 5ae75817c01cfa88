import type { AllocationRow, WorkloadRow } from '@cloudless/proto';
import { buildAllocationRow, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import { expect, it } from 'vitest';
import type { Element } from '../call.ts';
import { createFakeLogDevices } from '../testing/fake-log-devices.ts';
import { createTestApi, type TestApi } from '../testing/create-test-api.ts';
import { createLogInbox } from './log-inbox.ts';
import { createLogPlaces } from './log-places.ts';
import { splitLines } from './log-streams.ts';

type Input = { readonly tail?: number; readonly lastEventId?: string };

/** An app with replicas on two devices whose logs the test writes. */
async function open() {
  const devices = createFakeLogDevices();
  const api = await createTestApi({ sessions: devices.sessions });
  const { orgId, projectId } = api.cluster;
  const workload: WorkloadRow = buildWorkloadRow('web', {}, { id: api.entropy.id('wl') as never, orgId, projectId });
  const nodes = ['attic', 'laptop'].map((name) => buildNodeRow(name, { id: api.entropy.id('node') as never, orgId }));
  await api.commit({ kind: 'put', table: 'workload', row: workload, expect: 'absent' });
  for (const row of nodes) await api.commit({ kind: 'put', table: 'node', row, expect: 'absent' });
  async function place(slot: number): Promise<AllocationRow> {
    const node = nodes[slot % 2];
    if (!node) throw new Error('there are two devices');
    const row = { ...buildAllocationRow(workload, node, slot), id: api.entropy.id('alloc') as AllocationRow['id'] };
    await api.commit({ kind: 'put', table: 'allocation', row, expect: 'absent' });
    return row;
  }
  return {
    api,
    devices,
    workload,
    place,
    follow: (input: Input = {}) => follow(api, workload, input),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

function follow(api: TestApi, { id: workloadId }: WorkloadRow, { tail = 500, lastEventId }: Input) {
  const leaving = new AbortController();
  const input = { workloadId, tail, ...(lastEventId === undefined ? {} : { lastEventId }) };
  const call = { caller: api.callerOf({ role: 'owner' }), input, headers: {}, requestId: undefined, signal: leaving.signal };
  const elements = api.handlers['log.follow'](call)[Symbol.asyncIterator]();
  let id = '';
  /** Texts of the next lines, at least so many; a gap as `gap: …`. */
  async function read(count: number): Promise<string[]> {
    const texts: string[] = [];
    while (texts.length < count) {
      const { value, done } = await elements.next();
      if (done) return [...texts, 'end'];
      const { data, id: next } = value as Element<'log.follow'>;
      id = next;
      if (data.kind === 'gap') texts.push(`gap: ${data.message}`);
      else texts.push(...data.lines.map(({ text }) => text));
    }
    return texts;
  }
  return {
    read,
    lastId: () => id,
    async leave() {
      leaving.abort(new Error('left'));
      await elements.return?.();
    },
  };
}

it('merges the lines of all replicas as they come', async () => {
  await using at = await open();
  const [one, two] = [await at.place(0), await at.place(1)];
  at.devices.say(one.id, 'one-1', 1);
  at.devices.say(two.id, 'two-1', 2);
  const reader = at.follow();
  expect((await reader.read(2)).sort()).toEqual(['one-1', 'two-1']);
  at.devices.say(two.id, 'two-2', 3);
  at.devices.say(one.id, 'one-2', 4);
  expect((await reader.read(2)).sort()).toEqual(['one-2', 'two-2']);
  await reader.leave();
  expect(at.devices.openStreams).toBe(0);
});

it('starts so many lines back of what is there, and at the first line of a replica that comes later', async () => {
  await using at = await open();
  const one = await at.place(0);
  for (let index = 1; index <= 5; index += 1) at.devices.say(one.id, `old-${index}`, index);
  const reader = at.follow({ tail: 2 });
  expect(await reader.read(2)).toEqual(['old-4', 'old-5']);
  const later = await at.place(1);
  for (let index = 1; index <= 3; index += 1) at.devices.say(later.id, `new-${index}`, 5 + index);
  expect(await reader.read(3)).toEqual(['new-1', 'new-2', 'new-3']);
  await reader.leave();
});

it('comes back to where each replica was, and to the first line of one that came meanwhile', async () => {
  await using at = await open();
  const [one, two] = [await at.place(0), await at.place(1)];
  at.devices.say(one.id, 'one-1', 1);
  at.devices.say(two.id, 'two-1', 2);
  const first = at.follow();
  await first.read(2);
  await first.leave();
  at.devices.say(one.id, 'one-2', 3);
  const meanwhile = await at.place(2);
  at.devices.say(meanwhile.id, 'three-1', 4);
  const second = at.follow({ tail: 0, lastEventId: first.lastId() });
  expect((await second.read(2)).sort()).toEqual(['one-2', 'three-1']);
  at.devices.say(two.id, 'two-2', 5);
  expect(await second.read(1)).toEqual(['two-2']);
  await second.leave();
});

it('names a device that cannot be reached once, and goes on where it stopped when it is back', async () => {
  await using at = await open();
  const one = await at.place(0);
  at.devices.say(one.id, 'before', 1);
  const reader = at.follow();
  expect(await reader.read(1)).toEqual(['before']);
  at.devices.leave(one.nodeId);
  expect(await reader.read(1)).toEqual(['gap: The connection to the device broke while its log lines were read.']);
  await at.api.clock.advance(6000);
  at.devices.say(one.id, 'while away', 2);
  at.devices.comeBack(one.nodeId);
  const next = reader.read(1);
  await at.api.clock.advance(2000);
  expect(await next).toEqual(['while away']);
  await reader.leave();
});

it('reads the last words of a replica that is over, closes its stream, and ends with the app', async () => {
  await using at = await open();
  const one = await at.place(0);
  at.devices.say(one.id, 'working', 1);
  const reader = at.follow();
  expect(await reader.read(1)).toEqual(['working']);
  const observed = buildObserved({ phase: 'stopped', ready: false });
  const closed = at.devices.untilClosed(one.id);
  await at.api.commit({ kind: 'put', table: 'allocation', row: { ...one, observed }, expect: at.api.store.revision });
  at.devices.say(one.id, 'last words', 2);
  const next = reader.read(1);
  await closed;
  await at.api.clock.advance(2000);
  expect([await next, at.devices.openStreams]).toEqual([['last words'], 0]);
  const expectedVersion = at.api.store.get('workload', at.workload.id)?.version ?? 0;
  await at.api.commit({ kind: 'remove', table: 'workload', id: at.workload.id, expect: expectedVersion });
  expect(await reader.read(1)).toEqual(['end']);
});

it('passes on nothing that a device says of another replica, and no broken line', async () => {
  await using at = await open();
  const [one, two] = [await at.place(0), await at.place(1)];
  const reader = at.follow();
  const first = reader.read(1);
  await at.api.clock.advance(0);
  const forged = { allocationId: two.id, cursor: '1', at: 1, stream: 'stdout', text: 'forged' };
  at.devices.blurt(one.id, `${JSON.stringify(forged)}\n{"allocationId":\n\n`);
  at.devices.say(one.id, 'true', 1);
  expect(await first).toEqual(['true']);
  await reader.leave();
});

it('a line that never ends is refused before it fills the memory', async () => {
  async function* endless() {
    for (;;) yield Promise.resolve(Buffer.alloc(1000, 'x'));
  }
  const lines = splitLines(endless(), 10_000);
  await expect(lines.next()).rejects.toMatchObject({ code: 'message_malformed' });
});

it('lines are the same however they are cut into chunks', async () => {
  const text = 'eins\nzwölf €\n\nlast\nunfinished';
  for (let size = 1; size <= 8; size += 1) {
    const bytes = Buffer.from(text);
    const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
    const chunks = (async function* () {
      for (const chunk of cut) yield Promise.resolve(chunk);
    })();
    expect(await Array.fromAsync(splitLines(chunks))).toEqual(['eins', 'zwölf €', '', 'last']);
  }
});

it('a reader that leaves while the inbox is full lets everybody go', async () => {
  const leaving = new AbortController();
  const inbox = createLogInbox(leaving.signal);
  const element = { kind: 'lines' as const, lines: [] };
  for (let index = 0; index < 2000; index += 1) await inbox.put(element);
  const waiting = [inbox.put(element), inbox.put(element)];
  leaving.abort(new Error('left'));
  await Promise.all(waiting);
  expect(await inbox.take()).toEqual([]);
});

it('places are what was set, whatever cursors hold, and fit the contract', () => {
  const places = createLogPlaces(undefined);
  const ids = Array.from(
    { length: 200 },
    (_, index) => `alloc_${String.fromCharCode(97 + (index % 26)).repeat(25)}${'abcdefgh'.charAt(index / 26)}` as AllocationRow['id'],
  );
  for (const id of ids) places.set(id, '~@%é');
  const text = places.format();
  expect(text.length).toBeLessThanOrEqual(8192);
  const again = createLogPlaces(text);
  expect([again.isResumed, again.find(ids.at(-1) ?? (ids[0] as never))]).toEqual([true, '~@%é']);
  for (const nonsense of ['-', '', '%%%@@@~~~', 'x'.repeat(8192)]) expect(createLogPlaces(nonsense).isResumed).toBe(false);
});
