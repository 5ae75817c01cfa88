import { DeadlineExceeded, withDeadline, type Clock } from '@cloudless/kernel';
import {
  agentMessageSchema,
  coordinatorMessageSchema,
  LINK_PROTOCOL,
  MAX_CONTROL_BYTES,
  type HandshakeResponse,
  type NodeId,
} from '@cloudless/proto';
import { createLink } from '../create-link.ts';
import type { AgentLink, LinkCode } from '../link.ts';
import { MAX_BULK_FRAME_BYTES } from '../stream-limits.ts';
import { DialFailed } from './dial-failed.ts';
import type { JudgePeer, TlsIdentity } from './inner-tls.ts';
import { openInnerTls } from './open-inner-tls.ts';
import type { Preamble, PreambleAnswer } from './preamble.ts';

/** How long a dial may take in all. */
const DIAL_DEADLINE_MS = 15_000;
/** Certificates and bundle come back in one frame. */
const MAX_ANSWER_BYTES = 64 * 2 ** 10;

export type DialOptions = {
  /** `ws://host:7600/agent` or `wss://…/agent`. */
  readonly url: string;
  readonly identity: TlsIdentity;
  /** From `@cloudless/identity`: `judgeCoordinator({ bundle, clusterId, now })`. */
  readonly judgeCoordinator: JudgePeer;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Opens both paths to the coordinator, each inside inner mutual TLS 1.3, and binds them to one link.
 * @throws DialFailed when it cannot be reached, is not this cluster's, or refuses; the signal's reason when it aborts
 */
export function dialCoordinator(options: DialOptions): Promise<AgentLink> {
  return inTime(options, `dialling ${options.url}`, async (signal) => {
    const control = await openInnerTls({
      ...options,
      signal,
      maxFrameBytes: MAX_CONTROL_BYTES,
      preamble: { kind: 'control', protocol: LINK_PROTOCOL },
    });
    try {
      if (control.answer.kind !== 'opened') throw refusedBy(control.answer, options.url);
      const bulk = await openInnerTls({
        ...options,
        signal,
        maxFrameBytes: MAX_BULK_FRAME_BYTES,
        preamble: { kind: 'bulk', protocol: LINK_PROTOCOL, session: control.answer.session },
      });
      if (bulk.answer.kind !== 'attached') {
        bulk.channel.destroy();
        throw refusedBy(bulk.answer, options.url);
      }
      return createLink({
        control: control.channel,
        bulk: bulk.channel,
        role: 'dialler',
        outgoing: agentMessageSchema,
        incoming: coordinatorMessageSchema,
        clock: options.clock,
      });
    } catch (cause) {
      control.channel.destroy();
      throw cause;
    }
  });
}

/** @throws DialFailed `timeout` after 15 s */
async function inTime<T>(
  { clock, signal }: Pick<DialOptions, 'clock' | 'signal'>,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await withDeadline(clock, what, DIAL_DEADLINE_MS, work, signal);
  } catch (cause) {
    if (cause instanceof DeadlineExceeded)
      throw new DialFailed('timeout', `The coordinator said nothing for too long: ${cause.message}.`, { cause });
    throw cause;
  }
}

export type JoinOptions = {
  readonly url: string;
  /** `<id>.<secret>` of the join token. */
  readonly token: string;
  /** PKCS #10, PEM. */
  readonly csr: string;
  /** Name that the device proposes for itself. */
  readonly name: string;
  /** From `@cloudless/identity`: `judgePinned(parseJoinToken(text).caHash)`. */
  readonly judgeCoordinator: JudgePeer;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Asks for a first certificate. A refusal is an answer, with its reason.
 * @throws DialFailed when the coordinator cannot be reached or is not the one that the token pins
 */
export const joinCoordinator = (options: JoinOptions): Promise<HandshakeResponse> =>
  askHandshake(options, { kind: 'join', protocol: LINK_PROTOCOL, token: options.token, csr: options.csr, name: options.name });

export type RenewOptions = DialOptions & { readonly nodeId: NodeId; readonly csr: string };

/**
 * Asks for a new certificate outside a session, by the device's key: also with a certificate that ran out up to 30 days ago. The CSR must be of that key.
 * @throws DialFailed when the coordinator cannot be reached or is not this cluster's
 */
export const renewCertificate = (options: RenewOptions): Promise<HandshakeResponse> =>
  askHandshake(options, { kind: 'renew', protocol: LINK_PROTOCOL, nodeId: options.nodeId, csr: options.csr });

function askHandshake(
  options: Omit<DialOptions, 'identity'> & { readonly identity?: TlsIdentity },
  preamble: Preamble,
): Promise<HandshakeResponse> {
  return inTime(options, `asking ${options.url} for a certificate`, async (signal) => {
    const { channel, answer } = await openInnerTls({ ...options, signal, maxFrameBytes: MAX_ANSWER_BYTES, preamble });
    channel.end();
    if (answer.kind === 'issued' || answer.kind === 'refused') return answer;
    throw new DialFailed('malformed', `The coordinator at ${options.url} answered a request for a certificate with ${answer.kind}`);
  });
}

const REFUSALS: readonly LinkCode[] = [
  'revoked',
  'replaced',
  'certificate_refused',
  'protocol_mismatch',
  'overloaded',
  'malformed',
  'oversized',
  'timeout',
];

function refusedBy(answer: PreambleAnswer, url: string): DialFailed {
  if (answer.kind !== 'refused') return new DialFailed('malformed', `The coordinator at ${url} answered with ${answer.kind} out of turn`);
  return new DialFailed(REFUSALS.find((code) => code === answer.code) ?? 'refused', answer.message, { retry: answer.retry });
}
