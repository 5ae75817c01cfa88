import type { JoinOffer } from '@cloudless/proto';
import { buildNodeRow } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createTestApi, outcomeOf, type TestApi } from '../testing/create-test-api.ts';

const OWNER = { role: 'owner' } as const;

describe('a device', () => {
  const update = (api: TestApi, nodeId: string, more: object) => api.call(OWNER, 'node.update', { nodeId, ...more });
  async function addNode(api: TestApi, name: string) {
    const row = buildNodeRow(name, { id: api.entropy.id('node') as never, orgId: api.cluster.orgId });
    await api.commit({ kind: 'put', table: 'node', row, expect: 'absent' });
    return row;
  }

  it('is renamed, labelled and cordoned with an event for each, and not for nothing', async () => {
    await using api = await createTestApi();
    const { id } = await addNode(api, 'laptop');
    await update(api, id, { name: "Ada's desk", labels: { room: 'attic' } });
    await update(api, id, { schedulable: false });
    await update(api, id, { schedulable: false, labels: { room: 'attic' } });
    await update(api, id, { schedulable: true });
    const events = await api.store.listEvents({ orgId: api.cluster.orgId, limit: 9 });
    expect(events.map(({ kind }) => kind).toReversed()).toEqual(['node.updated', 'node.cordoned', 'node.uncordoned']);
  });

  it('keeps a name that no other device has', async () => {
    await using api = await createTestApi();
    const [one] = [await addNode(api, 'one'), await addNode(api, 'other')];
    expect(await outcomeOf(update(api, one.id, { name: 'other' }))).toBe('name_taken');
    expect(await outcomeOf(update(api, one.id, { name: '/etc' }))).toBe('invalid_input');
  });

  it('is drained until a deadline, which counts from when it is said and can be said later', async () => {
    await using api = await createTestApi();
    const { id } = await addNode(api, 'laptop');
    const drain = (more: object) => api.call(OWNER, 'node.drain', { nodeId: id, draining: true, ...more });
    const drainOf = () => api.store.get('node', id)?.row.drain;
    await drain({});
    const sinceAt = api.clock.now();
    expect(drainOf()).toEqual({ sinceAt, purpose: 'empty', cause: expect.objectContaining({ code: 'drained_by_person' }) as object });
    await api.clock.advance(1000);
    await drain({ deadlineMs: 60_000 });
    expect(drainOf()).toMatchObject({ sinceAt, deadlineAt: sinceAt + 61_000 });
    await api.clock.advance(1000);
    await drain({});
    expect(drainOf()).toMatchObject({ deadlineAt: sinceAt + 61_000 });
    expect(await outcomeOf(drain({ deadlineMs: -1 }))).toBe('invalid_input');
    await drain({ draining: false });
    expect(drainOf()).toBeUndefined();
  });

  it('that was removed is gone for people at once, and its name is free', async () => {
    await using api = await createTestApi();
    const { id } = await addNode(api, 'laptop');
    const other = await addNode(api, 'other');
    await api.call(OWNER, 'node.remove', { nodeId: id });
    expect(await outcomeOf(api.call(OWNER, 'node.get', { nodeId: id }))).toBe('not_found');
    expect(await outcomeOf(api.call(OWNER, 'node.remove', { nodeId: id }))).toBe('not_found');
    expect(await outcomeOf(update(api, other.id, { name: 'laptop' }))).toBe('ok');
    expect(api.store.get('node', id)?.row).toMatchObject({ state: { word: 'left' }, revokedAt: api.clock.now() });
  });
});

it('a join token is told to the feed by its id, and never by itself', async () => {
  await using api = await createTestApi();
  const made = (await api.call(OWNER, 'node.createJoinToken', { name: 'attic' })) as JoinOffer;
  const [event] = await api.store.listEvents({ orgId: api.cluster.orgId, limit: 1 });
  expect(event).toMatchObject({ kind: 'joinToken.created', actor: { name: 'owner' }, params: { name: 'attic', tokenId: made.join.id } });
  for (const secret of [made.token.split('.').at(3), made.code]) expect(JSON.stringify(event)).not.toContain(secret);
});
