import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestStore } from '@cloudless/db/testing';
import {
  commitTo,
  createCsr,
  createDeviceKey,
  judgePinned,
  judgeUnpinned,
  parseJoinToken,
  readAuthorityHash,
  wordsOf,
} from '@cloudless/identity';
import { createKeyWrap } from '@cloudless/identity/ca';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { createMemoryLogger } from '@cloudless/kernel/testing';
import type { UserId } from '@cloudless/proto';
import { createAgentEndpoint, DialFailed, joinCoordinator, pairCoordinator, type HandshakeExchange } from '@cloudless/transport/tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEnrolment, type Enrolment } from '../enrolment/index.ts';

const clock = createRealClock();
const entropy = createRealEntropy();
const CANDIDATE = { hostname: 'attic', os: 'Debian', arch: 'x64' };
const nonce = (): string => Buffer.from(entropy.bytes(32)).toString('base64url');

/** An authority of its own behind a socket of its own: the coordinator, or somebody who pretends to be. */
async function listen(handshake?: Enrolment['handshake']) {
  const opened = await createTestStore({ clock, entropy });
  const enrolment = await createEnrolment({
    ...opened,
    keyWrap: createKeyWrap(entropy.bytes(32), entropy),
    clock,
    entropy,
    logger: createMemoryLogger(),
  });
  const endpoint = createAgentEndpoint({
    identity: await enrolment.issueCoordinatorIdentity(),
    bundle: enrolment.bundle,
    clock,
    entropy,
    logger: createMemoryLogger(),
    authenticate: (chain) => enrolment.authenticate(chain),
    handshake: handshake ?? ((request, chain, exchange) => enrolment.handshake(request, chain, exchange)),
    onLink: (link) => link.close({ code: 'closed', message: 'not here', retry: false }),
  });
  const http = createServer();
  http.on('upgrade', (request, socket, head) => endpoint.acceptUpgrade({ request, socket, head, remoteAddress: undefined }));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    endpoint.stop();
    enrolment.stop();
    http.closeAllConnections();
    http.close();
    await opened[Symbol.asyncDispose]();
  });
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/agent`,
    enrolment,
    orgId: opened.cluster.orgId,
    store: opened.store,
  };
}

/** Pairs as an agent does. `show` gets the words of this end. */
async function pair(url: string, code: string | undefined, show: (words: readonly string[]) => void) {
  const csr = createCsr(createDeviceKey());
  const deviceNonce = nonce();
  return pairCoordinator({
    url,
    clock,
    ...(code === undefined ? {} : { code }),
    name: 'attic',
    candidate: CANDIDATE,
    commitment: commitTo({ csr, deviceNonce }),
    judgeCoordinator: judgeUnpinned,
    onPaired(paired, chain) {
      show(wordsOf({ caHash: readAuthorityHash(chain) ?? '', csr, deviceNonce, coordinatorNonce: paired.nonce }));
      return { kind: 'reveal', nonce: deviceNonce, csr };
    },
  });
}

/** Resolves when a device waits for a person. */
const untilApproval = ({ enrolment, orgId }: Awaited<ReturnType<typeof listen>>) =>
  new Promise<ReturnType<Enrolment['joins']['get']>>((resolve) => {
    const waiting = enrolment.joins.list(orgId).find(({ state }) => state === 'approval');
    if (waiting) return resolve(waiting);
    const stop = enrolment.joins.onChange(({ join }) => {
      if (join.state !== 'approval') return;
      stop();
      resolve(join);
    });
  });

const offerOf = (coordinator: Awaited<ReturnType<typeof listen>>) =>
  coordinator.enrolment.createOffer({ orgId: coordinator.orgId, ownerUserId: `usr_${'a'.repeat(26)}` as UserId });

describe('somebody between a device and its coordinator', () => {
  it('is refused by a device with a token before it says anything', async () => {
    const coordinator = await listen();
    const middle = await listen();
    const token = parseJoinToken((await offerOf(coordinator)).token);
    const csr = createCsr(createDeviceKey());
    const failed = await joinCoordinator({
      url: middle.url,
      clock,
      token: token?.presented ?? '',
      csr,
      name: 'attic',
      judgeCoordinator: judgePinned(token?.caHash ?? ''),
    }).catch((cause: unknown) => cause);
    expect(failed).toBeInstanceOf(DialFailed);
    expect(failed).toMatchObject({ hop: 'pin' });
    expect(middle.enrolment.refusedCount).toBe(0);
  });

  it('makes the four words differ on both screens, and is told of when a person says so', async () => {
    const coordinator = await listen();
    const { code } = await offerOf(coordinator);
    let wordsOfMiddle: readonly string[] = [];
    // It speaks to each as the other: its own key upwards, its own authority downwards, its own nonces in between.
    const relay = async (request: Parameters<Enrolment['handshake']>[0], exchange: HandshakeExchange) => {
      if (request.kind !== 'pair') throw new Error('this one relays pairings');
      exchange.send({ kind: 'paired', nonce: nonce(), expiresAt: clock.now() + 60_000, serverAt: clock.now() });
      await exchange.receiveReveal();
      exchange.keepOpen(60_000);
      return pair(coordinator.url, request.code, (words) => (wordsOfMiddle = words));
    };
    const middle = await listen((request, _chain, exchange) => relay(request, exchange));
    let wordsOfDevice: readonly string[] = [];
    const joining = pair(middle.url, code, (words) => (wordsOfDevice = words));
    const waiting = await untilApproval(coordinator);
    expect(waiting.candidate?.words).toEqual([...wordsOfMiddle]);
    expect(waiting.candidate?.words).not.toEqual([...wordsOfDevice]);
    coordinator.enrolment.deny(waiting.id, coordinator.orgId, true);
    expect(await joining).toMatchObject({ kind: 'refused', hop: 'words' });
    expect([...coordinator.store.list('node')]).toEqual([]);
    const events = await coordinator.store.listEvents({ orgId: coordinator.orgId, limit: 10 });
    expect(events.find(({ kind }) => kind === 'join.attacked')?.message).toContain('differ');
  });

  it('cannot open a commitment with another request', async () => {
    const coordinator = await listen();
    const { code } = await offerOf(coordinator);
    const csr = createCsr(createDeviceKey());
    const answer = await pairCoordinator({
      url: coordinator.url,
      clock,
      code,
      name: 'attic',
      candidate: CANDIDATE,
      commitment: commitTo({ csr, deviceNonce: nonce() }),
      judgeCoordinator: judgeUnpinned,
      onPaired: () => ({ kind: 'reveal', nonce: nonce(), csr }),
    });
    expect(answer).toMatchObject({ kind: 'refused', hop: 'words' });
  });

  it('is not there: both screens show the same words, and the device gets its certificate', async () => {
    const coordinator = await listen();
    const { code } = await offerOf(coordinator);
    let words: readonly string[] = [];
    const joining = pair(coordinator.url, code, (shown) => (words = shown));
    const waiting = await untilApproval(coordinator);
    expect(waiting.candidate?.words).toEqual([...words]);
    coordinator.enrolment.approve(waiting.id, coordinator.orgId, { ownerUserId: `usr_${'a'.repeat(26)}` as UserId });
    expect(await joining).toMatchObject({ kind: 'issued' });
  });

  it('cannot answer for a device without an offer that nobody looked for', async () => {
    const coordinator = await listen();
    const abandoned = new AbortController();
    const csr = createCsr(createDeviceKey());
    const deviceNonce = nonce();
    const seen = Promise.withResolvers<string>();
    const joining = pairCoordinator({
      url: coordinator.url,
      clock,
      name: 'attic',
      candidate: CANDIDATE,
      signal: abandoned.signal,
      commitment: commitTo({ csr, deviceNonce }),
      judgeCoordinator: judgeUnpinned,
      onPaired(paired) {
        seen.resolve(paired.request?.code ?? '');
        return { kind: 'reveal', nonce: deviceNonce, csr };
      },
    }).catch((cause: unknown) => cause);
    const code = await seen.promise;
    expect(coordinator.enrolment.joins.list(coordinator.orgId)).toEqual([]);
    const opened = coordinator.enrolment.openRequest(code, 'person', coordinator.orgId);
    expect(coordinator.enrolment.joins.list(coordinator.orgId).map(({ id }) => id)).toEqual([opened.id]);
    expect(() => coordinator.enrolment.openRequest('ABCD-EFGH', 'person', coordinator.orgId)).toThrow(/No device/);
    abandoned.abort(new Error('the device was switched off'));
    await joining;
  });
});
