import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import { CloudlessError, type HandshakeResponse } from '@cloudless/proto';
import { createCsr, createDeviceKey, judgeCoordinator, judgePinned, parseJoinToken, readValidity, renewAt } from '@cloudless/identity';
import { dialCoordinator, joinCoordinator, renewCertificate } from '@cloudless/transport/websocket';
import type { AgentIdentity, AgentState } from '../state/state.ts';
import type { Credentials } from './credentials.ts';
import type { Dial } from './session-ports.ts';

export type EnrolmentDeps = {
  readonly url: string;
  /** The join token as it is now; `undefined` when there is none. Read at each try, so that a new one needs no restart. */
  readonly readJoinToken: () => Promise<string | undefined>;
  /** The token was used and is worth nothing now. */
  readonly dropJoinToken: () => Promise<void>;
  /** What the device proposes to be called. */
  readonly name: string;
  readonly state: AgentState;
  /** Latest coordinator's time heard: a wall clock behind it is not believed. */
  readonly lastServerAt: () => number;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
};

type Issued = Extract<HandshakeResponse, { kind: 'issued' }>;

/** The device's own key, its certificate and the links that they open. The key is made here and never sent. */
export function createEnrolment(deps: EnrolmentDeps): { readonly credentials: Credentials; readonly dial: Dial } {
  const { url, state, clock, entropy, logger } = deps;
  let identity: AgentIdentity | undefined;
  let dueAt: number | undefined;
  /** The coordinator's clock as far as it is known: a device that believes it is 1970 still renews in time. */
  const now = (): number => Math.max(clock.now(), deps.lastServerAt());

  function hold(next: AgentIdentity): AgentIdentity {
    identity = next;
    const validity = readValidity(next.certificate);
    dueAt = validity && renewAt(validity, entropy.random());
    return next;
  }

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
    const csr = await createCsr(privateKey);
    const answer = await joinCoordinator({
      url,
      token: token.presented,
      csr,
      name: deps.name,
      judgeCoordinator: judgePinned(token.caHash),
      clock,
      signal,
    });
    if (answer.kind === 'refused')
      throw new CloudlessError('join_token_refused', `The coordinator at ${url} refused the join: ${answer.message}`);
    const { nodeId, clusterId, certificate, bundle } = answer;
    const joined: AgentIdentity = { nodeId, clusterId, name: deps.name, privateKey, certificate, bundle };
    await state.saveIdentity(joined);
    await deps.dropJoinToken();
    logger.info({ op: 'device.join', outcome: 'ok', nodeId, clusterId });
    return hold(joined);
  }

  const trustOf = (own: AgentIdentity) => judgeCoordinator({ bundle: own.bundle, clusterId: own.clusterId, now });
  const tlsOf = (own: AgentIdentity) => ({ certificate: own.certificate, key: own.privateKey });

  async function renewOutside(own: AgentIdentity, signal: AbortSignal): Promise<AgentIdentity> {
    const csr = await createCsr(own.privateKey);
    const { nodeId } = own;
    const answer = await renewCertificate({ url, identity: tlsOf(own), judgeCoordinator: trustOf(own), clock, signal, nodeId, csr });
    if (answer.kind === 'refused')
      throw new CloudlessError('certificate_refused', `The coordinator at ${url} did not renew the certificate: ${answer.message}`);
    return accept(own, answer);
  }

  async function accept(own: AgentIdentity, issued: Pick<Issued, 'certificate' | 'bundle'>): Promise<AgentIdentity> {
    const next = { ...own, certificate: issued.certificate, bundle: issued.bundle };
    await state.saveIdentity(next);
    return hold(next);
  }

  return {
    credentials: {
      async obtain(signal) {
        identity ??= await state.loadIdentity().then((saved) => saved && hold(saved));
        if (!identity) return join(signal);
        const validity = readValidity(identity.certificate);
        const isOver = validity === undefined || now() >= validity.notAfter;
        return isOver ? renewOutside(identity, signal) : identity;
      },
      renewDueAt: () => dueAt,
      async createRequest() {
        if (!identity) throw new Error('invariant broken: a certificate was renewed before the device joined');
        return createCsr(identity.privateKey);
      },
      async accept(certificate, bundle) {
        if (identity) await accept(identity, { certificate, bundle });
      },
    },
    dial: (own, signal) => dialCoordinator({ url, identity: tlsOf(own), judgeCoordinator: trustOf(own), clock, signal }),
  };
}
