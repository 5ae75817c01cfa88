import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createStore, openCluster, type Cluster, type Store } from '@cloudless/db';
import { openSqlite } from '@cloudless/db/sqlite';
import { createCsr, createDeviceKey, judgeCoordinator, judgePinned, parseJoinToken } from '@cloudless/identity';
import { createDeviceAuthority, createKeyWrap, openDeviceCa } from '@cloudless/identity/ca';
import type { Clock } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import {
  LINK_PROTOCOL,
  type AllocationId,
  type AllocationRow,
  type BatchId,
  type CoordinatorMessage,
  type NodeId,
  type WorkloadId,
} from '@cloudless/proto';
import { buildAllocationRow, buildFingerprint, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import type { AgentLink } from '@cloudless/transport';
import { dialCoordinator, joinCoordinator, renewCertificate, type TlsIdentity } from '@cloudless/transport/tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { createEnrolment, type Enrolment } from '../enrolment/index.ts';
import { createNodeSessions, serveAgents, type NodeSessionsServer } from './index.ts';

const entropy = createRealEntropy();
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

type Coordinator = {
  readonly url: string;
  readonly store: Store;
  readonly cluster: Cluster;
  readonly enrolment: Enrolment;
  readonly sessions: NodeSessionsServer;
  readonly clock: Clock & { offsetMs: number };
};

/** The real clock, whose wall time a test may step. */
function createSteppedClock(): Clock & { offsetMs: number } {
  const real = createRealClock();
  const clock = { ...real, offsetMs: 0, now: () => real.now() + clock.offsetMs };
  return clock;
}

async function startCoordinator(): Promise<Coordinator> {
  const clock = createSteppedClock();
  const logger = createMemoryLogger();
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  const cluster = await openCluster({ driver, clock, entropy });
  const store = await createStore({ driver, clock, entropy, logger, token: cluster.token });
  const enrolment = await createEnrolment({
    driver,
    store,
    cluster,
    keyWrap: createKeyWrap(entropy.bytes(32), entropy),
    clock,
    entropy,
    logger,
  });
  const authority = { clusterId: cluster.clusterId, epoch: cluster.epoch, token: cluster.token };
  const sessions = createNodeSessions({
    store,
    clock,
    entropy,
    logger,
    authority,
    coordinatorVersion: '0.1.0',
    renew: (nodeId, csr) => enrolment.renew(nodeId, csr),
  });
  const door = await serveAgents({ enrolment, sessions, clock, entropy, logger });
  const http = createServer();
  http.on('upgrade', (request, socket, head) => door.acceptUpgrade({ request, socket, head, remoteAddress: undefined }));
  const port = await listen(http);
  stops.push(async () => {
    door.stop();
    await sessions.stop();
    enrolment.stop();
    http.closeAllConnections();
    http.close();
    await store.stop();
    await driver.stop();
  });
  return { url: `ws://127.0.0.1:${port}/agent`, store, cluster, enrolment, sessions, clock };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const createToken = async ({ enrolment, cluster }: Coordinator) => {
  const { token } = await enrolment.createOffer({ orgId: cluster.orgId });
  const parsed = parseJoinToken(token);
  if (!parsed) throw new Error('the token does not parse');
  return parsed;
};

type Device = { readonly nodeId: NodeId; readonly identity: TlsIdentity; readonly bundle: string };

async function join(coordinator: Coordinator, key = createDeviceKey()): Promise<Device> {
  const { clock, url } = coordinator;
  const token = await createToken(coordinator);
  const response = await joinCoordinator({
    url,
    clock,
    token: token.presented,
    csr: createCsr(key),
    name: 'laptop',
    candidate: { hostname: 'laptop', os: 'Debian', arch: 'x64' },
    judgeCoordinator: judgePinned(token.caHash),
  });
  if (response.kind !== 'issued') throw new Error(response.message);
  return { nodeId: response.nodeId, bundle: response.bundle, identity: { certificate: response.certificate, key } };
}

const dial = ({ url, clock, cluster }: Coordinator, { identity, bundle }: Pick<Device, 'identity' | 'bundle'>): Promise<AgentLink> =>
  dialCoordinator({
    entropy,
    url,
    identity,
    clock,
    judgeCoordinator: judgeCoordinator({ bundle, clusterId: cluster.clusterId, now: () => clock.now() }),
  });

/** Messages of a link, awaited one by one. */
function inbox(link: AgentLink): { next(kind: CoordinatorMessage['kind']): Promise<CoordinatorMessage> } {
  const seen: CoordinatorMessage[] = [];
  let wake = Promise.withResolvers<void>();
  link.onMessage((message) => {
    seen.push(message);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  return {
    async next(kind) {
      for (;;) {
        const index = seen.findIndex((message) => message.kind === kind);
        if (index >= 0) {
          const [found] = seen.splice(index, 1);
          if (found) return found;
        }
        await wake.promise;
      }
    },
  };
}

function hello(link: AgentLink, { cluster }: Coordinator, nodeId: NodeId): void {
  link.send({
    kind: 'hello',
    protocol: LINK_PROTOCOL,
    agentVersion: '0.1.0',
    nodeId,
    clusterId: cluster.clusterId,
    epoch: 0,
    token: 0,
    fingerprint: buildFingerprint(),
    allocations: [],
  });
}

/** Resolves when `holds` is true of the store, after each commit. */
async function until({ store }: Coordinator, holds: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = store.onCommit(() => void (holds() && resolve()));
  if (holds()) resolve();
  await promise;
  stop();
}

async function place({ store, cluster, clock }: Coordinator, nodeId: NodeId): Promise<AllocationRow> {
  const node = store.get('node', nodeId)?.row ?? buildNodeRow();
  const own = { orgId: cluster.orgId, projectId: cluster.projectId };
  const workload = { ...buildWorkloadRow('web'), ...own, id: entropy.id('wl') as WorkloadId };
  const pending = buildObserved({ phase: 'pending', ready: false, generation: 0, cause: { code: 'placed', message: 'placed' } });
  const row = {
    ...buildAllocationRow(workload, node),
    ...own,
    id: entropy.id('alloc') as AllocationId,
    observed: pending,
    updatedAt: clock.now(),
  };
  await store.commit({
    id: entropy.id('batch') as BatchId,
    mutations: [
      { kind: 'put', table: 'workload', row: workload, expect: 'absent' },
      { kind: 'put', table: 'allocation', row, expect: 'absent' },
    ],
  });
  return row;
}

describe('a device with a join token', () => {
  it('joins, opens a session, is told what to hold, and reports', async () => {
    const coordinator = await startCoordinator();
    const device = await join(coordinator);
    expect(coordinator.store.get('node', device.nodeId)?.row).toMatchObject({ name: 'laptop', state: { word: 'unreachable' } });
    const link = await dial(coordinator, device);
    const messages = inbox(link);
    hello(link, coordinator, device.nodeId);
    expect(await messages.next('welcome')).toMatchObject({ clusterId: coordinator.cluster.clusterId, heartbeatMs: 500 });
    const complete = await messages.next('complete');
    expect(complete).toMatchObject({ assignments: [] });
    await until(coordinator, () => coordinator.store.get('node', device.nodeId)?.row.state.word === 'online');

    const allocation = await place(coordinator, device.nodeId);
    const change = await messages.next('incremental');
    expect(change).toMatchObject({ changes: [{ kind: 'put', assignment: { allocationId: allocation.id, desired: 'running' } }] });
    expect(change.kind === 'incremental' && complete.kind === 'complete' && change.appliesTo === complete.revision).toBe(true);

    link.send({ kind: 'report', reports: [{ allocationId: allocation.id, observed: buildObserved() }] });
    await until(coordinator, () => coordinator.store.get('allocation', allocation.id)?.row.observed.phase === 'running');
    const events = await coordinator.store.listEvents({ orgId: coordinator.cluster.orgId, limit: 50 });
    expect(events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['node.joined', 'joinToken.used', 'node.online', 'allocation.started', 'allocation.ready']),
    );
    link.close({ code: 'closed', message: 'done', retry: true });
  });

  it('is refused a second time, and leaves an event', async () => {
    const coordinator = await startCoordinator();
    const token = await createToken(coordinator);
    const ask = async () =>
      joinCoordinator({
        ...coordinator,
        token: token.presented,
        csr: createCsr(createDeviceKey()),
        name: 'laptop',
        judgeCoordinator: judgePinned(token.caHash),
      });
    expect(await ask()).toMatchObject({ kind: 'issued' });
    expect(await ask()).toMatchObject({ kind: 'refused', code: 'join_token_refused', retry: false });
    expect(coordinator.enrolment.refusedCount).toBe(1);
    const events = await coordinator.store.listEvents({ orgId: coordinator.cluster.orgId, limit: 50 });
    expect(events.filter(({ kind }) => kind === 'join.attacked')).toHaveLength(1);
  });

  it('of two that race with it is the only one, or the other is', async () => {
    const coordinator = await startCoordinator();
    const token = await createToken(coordinator);
    const csrs = [1, 2, 3, 4].map(() => createCsr(createDeviceKey()));
    const answers = await Promise.all(
      csrs.map((csr) =>
        joinCoordinator({ ...coordinator, token: token.presented, csr, name: 'racer', judgeCoordinator: judgePinned(token.caHash) }),
      ),
    );
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['issued', 'refused', 'refused', 'refused']);
    expect([...coordinator.store.list('node')]).toHaveLength(1);
  });

  it('is refused when it comes too late, and when the secret is another', async () => {
    const coordinator = await startCoordinator();
    const token = await createToken(coordinator);
    const ask = async (presented: string) =>
      joinCoordinator({
        ...coordinator,
        token: presented,
        csr: createCsr(createDeviceKey()),
        name: 'late',
        judgeCoordinator: judgePinned(token.caHash),
      });
    expect(await ask(`${token.id}.AAAAAAAAAAAAAAAAAAAAAAAA`)).toMatchObject({ kind: 'refused' });
    coordinator.clock.offsetMs = 16 * 60_000;
    expect(await ask(token.presented)).toMatchObject({ kind: 'refused', message: expect.stringContaining('expired') as string });
  });

  it('does not tell its token to a coordinator that the token does not pin', async () => {
    const [mine, theirs] = [await startCoordinator(), await startCoordinator()];
    const token = await createToken(mine);
    const asking = joinCoordinator({
      ...mine,
      url: theirs.url,
      token: token.presented,
      csr: createCsr(createDeviceKey()),
      name: 'laptop',
      judgeCoordinator: judgePinned(token.caHash),
    });
    await expect(asking).rejects.toMatchObject({ code: 'certificate_refused' });
    expect(theirs.enrolment.refusedCount).toBe(0);
  });
});

describe('a session', () => {
  it('is refused with the reason to a certificate of another authority, to none, and to an expired one', async () => {
    const coordinator = await startCoordinator();
    const { clusterId } = coordinator.cluster;
    const device = await join(coordinator);
    const rogue = await openDeviceCa({
      authority: await createDeviceAuthority({ clusterId, now: coordinator.clock.now(), entropy }),
      clusterId,
      entropy,
    });
    const key = createDeviceKey();
    const request = rogue.readCsr(createCsr(key));
    if (!request.ok) throw new Error(request.error.message);
    const forged = rogue.issueNode(device.nodeId, request.value, coordinator.clock.now());
    await expect(dial(coordinator, { ...device, identity: { certificate: forged.certificate, key } })).rejects.toMatchObject({
      code: 'certificate_refused',
      retry: false,
    });
    const nobody = {
      url: coordinator.url,
      clock: coordinator.clock,
      judgeCoordinator: judgeCoordinator({ bundle: device.bundle, clusterId, now: () => coordinator.clock.now() }),
    };
    await expect(dialCoordinator({ entropy, ...nobody, identity: { certificate: '', key: '' } })).rejects.toThrow();
    coordinator.clock.offsetMs = 25 * 3_600_000;
    const late = dialCoordinator({
      entropy,
      url: coordinator.url,
      clock: coordinator.clock,
      identity: device.identity,
      judgeCoordinator: judgePinned((await createToken(coordinator)).caHash),
    });
    await expect(late).rejects.toMatchObject({ code: 'certificate_refused', message: expect.stringContaining('expired') as string });
  });

  it.each([
    ['a day', 25 * 3_600_000],
    ['forty days', 40 * 86_400_000],
  ])("comes back after %s off, by the device's own key only", async (_off, offMs) => {
    const coordinator = await startCoordinator();
    const device = await join(coordinator);
    const { caHash } = await createToken(coordinator);
    coordinator.clock.offsetMs = offMs;
    const renew = async (key: string) =>
      renewCertificate({
        ...coordinator,
        identity: device.identity,
        nodeId: device.nodeId,
        csr: createCsr(key),
        judgeCoordinator: judgePinned(caHash),
      });
    expect(await renew(createDeviceKey())).toMatchObject({ kind: 'refused', code: 'certificate_refused' });
    const renewed = await renew(device.identity.key);
    expect(renewed).toMatchObject({ kind: 'issued', nodeId: device.nodeId });
    coordinator.clock.offsetMs = 420 * 86_400_000;
    expect(await renew(device.identity.key)).toMatchObject({ kind: 'refused', code: 'certificate_refused' });
  });

  it('ends at once when the device is revoked, and is not opened again', async () => {
    const coordinator = await startCoordinator();
    const device = await join(coordinator);
    const link = await dial(coordinator, device);
    const messages = inbox(link);
    hello(link, coordinator, device.nodeId);
    await messages.next('complete');
    await coordinator.sessions.settled();
    const found = coordinator.store.get('node', device.nodeId);
    if (!found) throw new Error('the node is gone');
    await coordinator.store.commit({
      id: entropy.id('batch') as BatchId,
      mutations: [{ kind: 'put', table: 'node', row: { ...found.row, revokedAt: coordinator.clock.now() }, expect: found.version }],
    });
    expect(await link.closed).toMatchObject({ code: 'revoked', by: 'peer', retry: false });
    await expect(dial(coordinator, device)).rejects.toMatchObject({ code: 'revoked', retry: false });
  });

  it('of one identity on two machines goes to the first while it lives', async () => {
    const coordinator = await startCoordinator();
    const device = await join(coordinator);
    const first = await dial(coordinator, device);
    const messages = inbox(first);
    hello(first, coordinator, device.nodeId);
    await messages.next('complete');
    const { promise: alerted, resolve: alert } = Promise.withResolvers<string>();
    coordinator.store.onCommit(({ changes }) => {
      for (const change of changes) if (change.kind === 'event' && change.event.kind === 'node.identityCopied') alert(change.event.message);
    });
    const second = await dial(coordinator, device);
    expect(await second.closed).toMatchObject({ code: 'refused', by: 'peer' });
    expect(first.signal.aborted).toBe(false);
    expect(await alerted).toContain('Another machine showed the identity of laptop');
    first.close({ code: 'closed', message: 'done', retry: true });
  });

  it('carries streams both ways with back-pressure, bytes in order', async () => {
    const coordinator = await startCoordinator();
    const device = await join(coordinator);
    const link = await dial(coordinator, device);
    const messages = inbox(link);
    link.onStream((incoming) => {
      const stream = incoming.accept();
      stream.pipe(stream);
    });
    hello(link, coordinator, device.nodeId);
    await messages.next('complete');
    const stream = await coordinator.sessions.openStream(device.nodeId, {
      kind: 'forward',
      allocationId: entropy.id('alloc') as AllocationId,
      portName: 'http',
    });
    const sent = Buffer.from(entropy.bytes(3_000_000));
    stream.end(sent);
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).equals(sent)).toBe(true);
    expect(coordinator.sessions.channels(device.nodeId)).toMatchObject({ heartbeat: { connected: true }, command: { connected: true } });
    link.close({ code: 'closed', message: 'done', retry: true });
  });

  it('passes through a proxy of bytes that knows nothing of it', async () => {
    const coordinator = await startCoordinator();
    const target = new URL(coordinator.url);
    const { createServer: createTcp } = await import('node:net');
    const proxy = createTcp((socket) => {
      const onward = connectTcp(Number(target.port), target.hostname);
      socket.pipe(onward).pipe(socket);
      socket.on('error', () => onward.destroy());
      onward.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    stops.push(() => void proxy.close());
    const url = `ws://localhost:${(proxy.address() as AddressInfo).port}/some/path/agent`;
    const device = await join({ ...coordinator, url });
    const link = await dial({ ...coordinator, url }, device);
    const messages = inbox(link);
    hello(link, coordinator, device.nodeId);
    expect(await messages.next('complete')).toMatchObject({ kind: 'complete' });
    link.close({ code: 'closed', message: 'done', retry: true });
  });
});

describe('the door', () => {
  /** What a client that keeps no rules hears. */
  async function sayRaw({ url }: Coordinator, bytes: Uint8Array): Promise<string> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const outer = createWebSocketStream(socket);
    outer.on('error', () => undefined);
    await new Promise((resolve) => socket.once('open', resolve));
    const inner = connectTls({ socket: outer, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    inner.on('error', () => undefined);
    await new Promise((resolve) => inner.once('secureConnect', resolve));
    expect(new X509Certificate(inner.getPeerX509Certificate()?.raw ?? '').subjectAltName).toContain('/coordinator');
    inner.write(bytes);
    let heard = '';
    for await (const piece of inner) heard += String(piece);
    return heard;
  }
  const framed = (length: number, body: Uint8Array): Uint8Array => {
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32BE(length);
    return Buffer.concat([prefix, body]);
  };

  it('refuses an oversized handshake, rubbish, and a session without a certificate, each with its reason', async () => {
    const coordinator = await startCoordinator();
    expect(await sayRaw(coordinator, framed(16_385, Buffer.alloc(10)))).toContain('oversized');
    expect(await sayRaw(coordinator, framed(4, Buffer.from('\u0001{]}')))).toContain('malformed');
    const control = Buffer.from(`\u0001{"kind":"control","protocol":${LINK_PROTOCOL}}`);
    expect(await sayRaw(coordinator, framed(control.byteLength, control))).toContain('no certificate was shown');
    const future = Buffer.from('\u0001{"kind":"control","protocol":99}');
    expect(await sayRaw(coordinator, framed(future.byteLength, future))).toContain('protocol_mismatch');
  });
});
