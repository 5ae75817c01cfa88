import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import { CloudlessError, type Candidate, type HandshakeResponse } from '@cloudless/proto';
import {
  commitTo,
  createCsr,
  createDeviceKey,
  judgeCoordinator,
  judgePinned,
  judgeUnpinned,
  PAIR_NONCE_BYTES,
  parseJoinToken,
  readAuthorityHash,
  readValidity,
  renewAt,
  wordsOf,
} from '@cloudless/identity';
import {
  createCarrierMemory,
  DialFailed,
  dialCoordinator,
  joinCoordinator,
  pairCoordinator,
  renewCertificate,
  type DialOptions,
  type JoinAnswer,
} from '@cloudless/transport/tls';
import type { AgentIdentity, AgentState } from '../state/state.ts';
import type { Addresses, Opening } from './address-book.ts';
import type { Credentials } from './credentials.ts';
import type { Dial } from './session-ports.ts';

export type EnrolmentDeps = {
  readonly addresses: Addresses;
  /** The join token as it is now; `undefined` when there is none. Read at each try, so that a new one needs no restart. */
  readonly readJoinToken: () => Promise<string | undefined>;
  /** The token was used and is worth nothing now. */
  readonly dropJoinToken: () => Promise<void>;
  /** What a person sees who approves this device. */
  readonly candidate: Candidate;
  /** A person has to approve. */
  readonly onWaiting?: (waiting: { readonly expiresAt: number; readonly serverAt: number }) => void;
  /** What the device proposes to be called. */
  readonly name: string;
  readonly state: AgentState;
  /** The coordinator's time by what was heard of it last: a wall clock behind it is not believed. */
  readonly serverNow: () => number;
  /** The coordinator's time was heard; resolves when it is durable. */
  readonly noteServerAt: (serverAt: number) => Promise<void>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
};

/** Of a pairing: the words on both screens, and what a person opens or types when nobody made an offer. */
export type ShowPairing = (pairing: {
  readonly words: readonly [string, string, string, string];
  readonly request: { readonly code: string; readonly url: string } | undefined;
}) => void;

type Issued = Extract<HandshakeResponse, { kind: 'issued' }>;

/** The device's own key, its certificate and the links that they open. The key is made here and never sent. */
export function createEnrolment(deps: EnrolmentDeps): {
  readonly credentials: Credentials;
  readonly dial: Dial;
  /** Joins without a token: `show` gets what a person compares. */
  readonly pair: (code: string | undefined, show: ShowPairing, signal: AbortSignal) => Promise<AgentIdentity>;
} {
  const { addresses, state, clock, entropy, logger } = deps;
  const carriers = createCarrierMemory(clock);
  let identity: AgentIdentity | undefined;
  let dueAt: number | undefined;
  /** The coordinator's clock as far as it is known: a device that believes it is 1970 still renews in time. */
  const now = (): number => Math.max(clock.now(), deps.serverNow());
  /** The coordinator judged the certificate otherwise than this device does. */
  let mustRenew = false;

  function hold(next: AgentIdentity): AgentIdentity {
    identity = next;
    const validity = readValidity(next.certificate);
    dueAt = validity && renewAt(validity, entropy.random());
    return next;
  }

  /** What the coordinator answered becomes who this device is. */
  async function adopt(answer: JoinAnswer, privateKey: string): Promise<AgentIdentity> {
    if (answer.kind === 'refused')
      throw new CloudlessError('join_token_refused', `The coordinator refused the join: ${answer.message}.`, {
        params: { hop: answer.hop ?? 'token' },
      });
    const { nodeId, clusterId, certificate, bundle } = answer;
    const joined: AgentIdentity = { nodeId, clusterId, name: deps.name, privateKey, certificate, bundle };
    await deps.noteServerAt(answer.serverAt);
    await state.saveIdentity(joined);
    await deps.dropJoinToken();
    if (answer.addresses) await addresses.replace(answer.addresses);
    logger.info({ op: 'device.join', outcome: 'ok', nodeId, clusterId });
    return hold(joined);
  }

  type Common = Opening & Pick<DialOptions, 'url' | 'clock' | 'signal' | 'carriers'>;
  /** Tries each address, with what every dial of a device has in common. */
  const attempt = <T>(dial: (common: Common) => Promise<T>, signal: AbortSignal): Promise<T> =>
    addresses.attempt((url, inner, opening) => dial({ url, ...opening, carriers, clock, signal: inner }), signal);

  async function join(signal: AbortSignal): Promise<AgentIdentity> {
    const text = await deps.readJoinToken();
    const token = text === undefined ? undefined : parseJoinToken(text);
    if (!token) {
      const why = text === undefined ? 'there is no join token' : 'the join token is not of the form cl1.<hash>.<id>.<secret>';
      throw new CloudlessError(
        'join_token_refused',
        `This device has not joined a cluster, and ${why}: make one under Devices and start the agent with it.`,
      );
    }
    const privateKey = createDeviceKey();
    const csr = createCsr(privateKey);
    const answer = await attempt(
      (common) =>
        joinCoordinator({
          ...common,
          token: token.presented,
          csr,
          name: deps.name,
          candidate: deps.candidate,
          onWaiting: deps.onWaiting,
          judgeCoordinator: judgePinned(token.caHash),
        }),
      signal,
    );
    return adopt(answer, privateKey);
  }

  async function pair(code: string | undefined, show: ShowPairing, signal: AbortSignal): Promise<AgentIdentity> {
    const privateKey = createDeviceKey();
    const csr = createCsr(privateKey);
    const deviceNonce = Buffer.from(entropy.bytes(PAIR_NONCE_BYTES)).toString('base64url');
    const commitment = commitTo({ csr, deviceNonce });
    const answer = await attempt(
      (common) =>
        pairCoordinator({
          ...common,
          ...(code === undefined ? {} : { code }),
          commitment,
          name: deps.name,
          candidate: deps.candidate,
          // Whoever answers may be anybody: the words over its key are what is judged, by a person.
          judgeCoordinator: judgeUnpinned,
          onPaired(paired, chain) {
            const caHash = readAuthorityHash(chain) ?? '';
            show({ words: wordsOf({ caHash, csr, deviceNonce, coordinatorNonce: paired.nonce }), request: paired.request });
            return { kind: 'reveal', nonce: deviceNonce, csr };
          },
          onWaiting: deps.onWaiting,
        }),
      signal,
    );
    return adopt(answer, privateKey);
  }

  /** Who it is, and whom it believes. */
  const proofOf = (own: AgentIdentity) => ({
    identity: { certificate: own.certificate, key: own.privateKey },
    judgeCoordinator: judgeCoordinator({ bundle: own.bundle, clusterId: own.clusterId, now }),
  });

  async function renewOutside(own: AgentIdentity, signal: AbortSignal): Promise<AgentIdentity> {
    const csr = createCsr(own.privateKey);
    const { nodeId } = own;
    const answer = await attempt(
      (common) =>
        renewCertificate({
          ...common,
          ...proofOf(own),
          nodeId,
          csr,
        }),
      signal,
    );
    if (answer.kind === 'refused')
      throw new CloudlessError('certificate_refused', `The coordinator did not renew the certificate: ${answer.message}.`);
    mustRenew = false;
    await deps.noteServerAt(answer.serverAt);
    return accept(own, answer);
  }

  async function accept(own: AgentIdentity, issued: Pick<Issued, 'certificate' | 'bundle'>): Promise<AgentIdentity> {
    const next = { ...own, certificate: issued.certificate, bundle: issued.bundle };
    await state.saveIdentity(next);
    return hold(next);
  }

  const dialAny: Dial = (own, signal) =>
    attempt(
      (common) =>
        dialCoordinator({
          ...common,
          ...proofOf(own),
          entropy,
          onBulkFailed: (cause) => logger.warn({ op: 'link.bulk', outcome: 'failed', url: common.url }, cause),
        }),
      signal,
    );

  return {
    credentials: {
      async obtain(signal) {
        identity ??= await state.loadIdentity().then((saved) => saved && hold(saved));
        if (!identity) return join(signal);
        const validity = readValidity(identity.certificate);
        const isOver = mustRenew || validity === undefined || now() >= validity.notAfter;
        return isOver ? renewOutside(identity, signal) : identity;
      },
      renewDueInMs: () => (dueAt === undefined ? undefined : dueAt - now()),
      async createRequest() {
        if (!identity) throw new Error('invariant broken: a certificate was renewed before the device joined');
        return createCsr(identity.privateKey);
      },
      async accept(certificate, bundle) {
        if (identity) await accept(identity, { certificate, bundle });
      },
    },
    dial: async (own, signal) => {
      try {
        return await dialAny(own, signal);
      } catch (cause) {
        // Refused by the coordinator itself, not by a device that doubts the coordinator.
        if (cause instanceof DialFailed && cause.code === 'certificate_refused' && cause.hop === undefined) mustRenew = true;
        throw cause;
      }
    },
    pair: (code, show, signal) => pair(code, show, signal),
  };
}
