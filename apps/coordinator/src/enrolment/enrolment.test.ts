import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestStore } from '@cloudless/db/testing';
import { createCsr, createDeviceKey, parseJoinToken } from '@cloudless/identity';
import { createKeyWrap } from '@cloudless/identity/ca';
import { createManualClock, createMemoryLogger, createSeededEntropy } from '@cloudless/kernel/testing';
import { LINK_PROTOCOL, type BatchId, type HandshakeResponse, type NodeId } from '@cloudless/proto';
import { buildFingerprint } from '@cloudless/proto/testing';
import { describe, expect, it } from 'vitest';
import { createEnrolment } from './index.ts';
import { cleanNodeName, uniqueNodeName } from './node-name.ts';

/** A device that says nothing more. */
const quickExchange = () => ({
  remoteAddress: '192.0.2.7',
  send: () => undefined,
  receiveReveal: () => Promise.reject(new Error('it says nothing')),
  keepOpen: () => undefined,
  signal: new AbortController().signal,
});

async function open() {
  const clock = createManualClock();
  const entropy = createSeededEntropy(9);
  const opened = await createTestStore({ clock, entropy });
  const keyWrap = createKeyWrap(entropy.bytes(32), entropy);
  const start = () => createEnrolment({ ...opened, keyWrap, clock, entropy, logger: createMemoryLogger() });
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-enrolment-'));
  const enrolment = await start();
  return {
    ...opened,
    clock,
    entropy,
    enrolment,
    start,
    file: join(folder, 'agent', 'join-token'),
    async joinBy(text: string, name = 'laptop'): Promise<HandshakeResponse> {
      const presented = parseJoinToken(text)?.presented ?? '';
      return enrolment.handshake(
        { kind: 'join', protocol: LINK_PROTOCOL, token: presented, csr: createCsr(createDeviceKey()), name },
        [],
        quickExchange(),
      );
    },
    /** The device opens its first session. */
    async connect(nodeId: NodeId) {
      const found = opened.store.get('node', nodeId);
      if (!found) throw new Error('the node is gone');
      const row = { ...found.row, fingerprint: buildFingerprint() };
      await opened.store.commit({
        id: entropy.id('batch') as BatchId,
        mutations: [{ kind: 'put', table: 'node', row, expect: found.version }],
      });
    },
    async [Symbol.asyncDispose]() {
      enrolment.stop();
      await opened[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

const nodeIdOf = (response: HandshakeResponse): NodeId => {
  if (response.kind !== 'issued') throw new Error(JSON.stringify(response));
  return response.nodeId;
};
const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
/** Lets what a timer began on the disk come to its end. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (;;) if (await holds()) return;
};

describe('a join token', () => {
  it('binds name, owner and labels before it is shown; only a hash of it is stored', async () => {
    await using opened = await open();
    const { token } = await opened.enrolment.createOffer({ orgId: opened.cluster.orgId, name: 'attic', labels: { room: 'attic' } });
    const nodeId = nodeIdOf(await opened.joinBy(token, 'some laptop'));
    expect(opened.store.get('node', nodeId)?.row).toMatchObject({ name: 'attic', labels: { room: 'attic' }, orgId: opened.cluster.orgId });
    const { rows } = await opened.driver.query({ sql: 'SELECT * FROM join_token' });
    expect(
      JSON.stringify(rows, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value)),
    ).not.toContain(parseJoinToken(token)?.secret);
  });

  it('lends as its rule says, without what only a later release knows of rules', async () => {
    await using opened = await open();
    const lending = { hours: [{ days: [1], fromMinute: 60, untilMinute: 120 }] };
    const { token } = await opened.enrolment.createOffer({ orgId: opened.cluster.orgId, lending });
    const asLater = "UPDATE join_token SET lending = json_set(lending, '$.mood', 'calm', '$.hours[0].zone', 'UTC')";
    await opened.driver.batch([{ sql: asLater }], { id: 'later' });
    const nodeId = nodeIdOf(await opened.joinBy(token));
    expect(opened.store.get('node', nodeId)?.row.lending).toEqual(lending);
  });

  it('of another cluster, cut short, or with a request that cannot be signed is refused, and is not spent', async () => {
    await using mine = await open();
    await using other = await open();
    const { token } = await mine.enrolment.createOffer({ orgId: mine.cluster.orgId });
    expect(await other.joinBy(token)).toMatchObject({
      kind: 'refused',
      retry: false,
      message: expect.stringContaining('not known here') as string,
    });
    expect(await mine.joinBy(token.slice(0, -3))).toMatchObject({ kind: 'refused' });
    const presented = parseJoinToken(token)?.presented ?? '';
    expect(
      await mine.enrolment.handshake(
        { kind: 'join', protocol: LINK_PROTOCOL, token: presented, csr: 'rubbish', name: 'x' },
        [],
        quickExchange(),
      ),
    ).toMatchObject({ kind: 'refused' });
    expect(await mine.joinBy(token)).toMatchObject({ kind: 'issued' });
  });

  it('lets a device in that comes back after the clock of the coordinator was set back', async () => {
    await using opened = await open();
    const { token } = await opened.enrolment.createOffer({ orgId: opened.cluster.orgId });
    const issued = await opened.joinBy(token);
    const certificate = issued.kind === 'issued' ? issued.certificate : '';
    const [pem = ''] = /-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/.exec(certificate) ?? [];
    const chain = [new X509Certificate(pem).raw];
    opened.clock.stepWall(-3 * 3_600_000);
    expect(opened.enrolment.authenticate(chain)).toEqual({ ok: true, value: nodeIdOf(issued) });
    opened.clock.stepWall(30 * 3_600_000);
    expect(opened.enrolment.authenticate(chain)).toMatchObject({ ok: false, error: { code: 'certificate_refused', retry: false } });
  });

  it('that is guessed at leaves twenty events a minute, and counts all', async () => {
    await using opened = await open();
    const { token } = await opened.enrolment.createOffer({ orgId: opened.cluster.orgId });
    for (let guess = 0; guess < 30; guess += 1) await opened.joinBy(`${token.slice(0, -4)}${String(guess).padStart(4, 'A')}`);
    expect(opened.enrolment.refusedCount).toBe(30);
    const events = await opened.store.listEvents({ orgId: opened.cluster.orgId, kinds: ['join.attacked'], limit: 100 });
    expect(events).toHaveLength(20);
    expect(JSON.stringify(events)).not.toContain(parseJoinToken(token)?.secret.slice(0, -4));
  });

  it('gives two devices of one name two names', async () => {
    await using opened = await open();
    const names: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { token } = await opened.enrolment.createOffer({ orgId: opened.cluster.orgId });
      names.push(opened.store.get('node', nodeIdOf(await opened.joinBy(token, '<b>pi')))?.row.name ?? '');
    }
    expect(names).toEqual(['b pi', 'b pi 2', 'b pi 3']);
  });
});

describe('this machine', () => {
  it('is let in by a token in a file of its own, which goes when it is in', async () => {
    await using opened = await open();
    await opened.enrolment.ensureLocalJoinToken(opened.file);
    expect((await stat(opened.file)).mode & 0o777).toBe(0o600);
    expect(opened.enrolment.localNodeId()).toBeUndefined();
    const nodeId = nodeIdOf(await opened.joinBy((await readFile(opened.file, 'utf8')).trim()));
    expect(opened.enrolment.localNodeId()).toBe(nodeId);
    expect(await isThere(opened.file)).toBe(false);
    await opened.connect(nodeId);
    await opened.clock.advance(3_600_000);
    expect(await isThere(opened.file)).toBe(false);
    const again = await opened.start();
    expect(again.localNodeId()).toBe(nodeId);
    again.stop();
  });

  it('gets a fresh token before the last one runs out', async () => {
    await using opened = await open();
    await opened.enrolment.ensureLocalJoinToken(opened.file);
    const first = await readFile(opened.file, 'utf8');
    await opened.clock.advance(8 * 60_000);
    await until(async () => (await readFile(opened.file, 'utf8')) !== first);
    await opened.clock.advance(7 * 60_000 + 1000);
    expect(await opened.joinBy((await readFile(opened.file, 'utf8')).trim())).toMatchObject({ kind: 'issued' });
  });

  it('that was killed before it kept its certificate gets another chance, and leaves no second device behind', async () => {
    await using opened = await open();
    await opened.enrolment.ensureLocalJoinToken(opened.file);
    const lost = nodeIdOf(await opened.joinBy((await readFile(opened.file, 'utf8')).trim()));
    await opened.clock.advance(15_000);
    await until(() => isThere(opened.file));
    const kept = nodeIdOf(await opened.joinBy((await readFile(opened.file, 'utf8')).trim()));
    expect(opened.enrolment.localNodeId()).toBe(kept);
    expect(Array.from(opened.store.list('node'), ({ row }) => row.id)).toEqual([kept]);
    expect(opened.store.get('node', lost)).toBeUndefined();
  });
});

describe('names of devices', () => {
  it.each([
    ['db-01.home', 'db-01.home'],
    ['<script>x', 'script x'],
    ['  ---', 'device'],
    ['Ünï’s laptop', 'Ünï s laptop'],
    ['x'.repeat(100), 'x'.repeat(63)],
  ])('keep the letters that are allowed: %s', (proposal, name) => expect(cleanNodeName(proposal)).toBe(name));

  it('stay within their length when they are counted', () => {
    const long = 'x'.repeat(63);
    expect(uniqueNodeName(long, new Set([long]))).toBe(`${'x'.repeat(61)} 2`);
  });
});
