import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { JOIN_TTL_MS, type JoinTokenId, type OrgId } from '@cloudless/proto';
import { describe, expect, it } from 'vitest';
import { createJoinCodes } from './join-codes.ts';
import { createJoins } from './joins.ts';

const ORG = `org_${'a'.repeat(26)}` as OrgId;
const OTHER = `org_${'b'.repeat(26)}` as OrgId;
const DEVICE = { hostname: 'attic', os: 'Debian', arch: 'x64' };

function open(origin: 'offer' | 'request' = 'offer') {
  const clock = createManualClock();
  const entropy = createSeededEntropy(3);
  const joins = createJoins({ clock });
  const id = entropy.id('join') as JoinTokenId;
  joins.open({ id, orgId: ORG, origin, createdAt: clock.now(), expiresAt: clock.now() + JOIN_TTL_MS });
  return { clock, entropy, joins, id };
}

describe('a join', () => {
  it('ends by itself, and tells the device that waits', async () => {
    const { clock, joins, id } = open();
    const decided = joins.awaitDecision(id, DEVICE, new AbortController().signal);
    await clock.advance(JOIN_TTL_MS);
    expect(await decided).toMatchObject({ kind: 'over' });
    expect(joins.get(id, ORG).state).toBe('expired');
    expect(() => joins.decide(id, ORG, { kind: 'approved' })).toThrow(/No device waits/);
    await clock.advance(JOIN_TTL_MS);
    expect(joins.list(ORG)).toEqual([]);
  });

  it('is nobody else’s', () => {
    const { joins, id } = open();
    expect(joins.list(OTHER)).toEqual([]);
    expect(() => joins.get(id, OTHER)).toThrow(/no join/);
  });

  it('lets one device wait at a time, and the next once that one hung up', async () => {
    const { joins, id } = open();
    const gone = new AbortController();
    const first = joins.awaitDecision(id, DEVICE, gone.signal);
    expect(joins.awaitDecision(id, DEVICE, new AbortController().signal)).toBeUndefined();
    gone.abort();
    expect(await first).toMatchObject({ kind: 'over', message: 'the device hung up' });
    expect(joins.get(id, ORG)).toMatchObject({ state: 'waiting', candidate: undefined });
    const second = joins.awaitDecision(id, DEVICE, new AbortController().signal);
    joins.decide(id, ORG, { kind: 'approved' });
    expect(await second).toEqual({ kind: 'approved' });
  });

  it('that a device asks for is hidden until somebody opens it by its code', () => {
    const { joins, id } = open('request');
    expect(joins.list(ORG)).toEqual([]);
    joins.reveal(id);
    expect(joins.list(ORG)).toHaveLength(1);
  });

  it('keeps a bounded number of steps and failures', () => {
    const { joins, id } = open();
    for (let count = 0; count < 40; count += 1) {
      joins.step(id, 'connected', '192.0.2.1');
      joins.fail(id, { hop: 'token', code: 'used', message: `try ${count}` });
    }
    expect(joins.get(id, ORG).steps).toHaveLength(1);
    expect(
      joins
        .get(id, ORG)
        .failures.map(({ message }) => message)
        .slice(-1),
    ).toEqual(['try 39']);
    expect(joins.get(id, ORG).failures).toHaveLength(16);
  });
});

describe('codes', () => {
  it('stop answering an address after five wrong ones, until the window is over', async () => {
    const { clock, entropy, id } = open();
    const codes = createJoinCodes({ clock, entropy });
    const code = codes.create(id, clock.now() + 2 * JOIN_TTL_MS);
    for (let guess = 0; guess < 5; guess += 1) expect(codes.find(`ABCDEFG${guess}`, '192.0.2.1')).toEqual({ kind: 'wrong' });
    expect(codes.find(code, '192.0.2.1')).toMatchObject({ kind: 'tooMany' });
    expect(codes.find(code, '192.0.2.2')).toEqual({ kind: 'found', id });
    await clock.advance(JOIN_TTL_MS);
    expect(codes.find(code, '192.0.2.1')).toEqual({ kind: 'found', id });
  });

  it('are withdrawn when they are guessed at from everywhere', () => {
    const { clock, entropy, id } = open();
    const codes = createJoinCodes({ clock, entropy });
    const code = codes.create(id, clock.now() + JOIN_TTL_MS);
    for (let guess = 0; guess < 501; guess += 1) codes.find('AAAAAAAA', `192.0.2.${guess}`);
    expect(codes.find(code, 'somebody')).not.toMatchObject({ kind: 'found' });
  });
});
