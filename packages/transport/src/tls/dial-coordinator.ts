import { DeadlineExceeded, withDeadline, type Clock, type Entropy } from '@cloudless/kernel';
import {
  agentMessageSchema,
  coordinatorMessageSchema,
  JOIN_TTL_MS,
  LINK_PROTOCOL,
  MAX_CONTROL_BYTES,
  type AgentMessage,
  type Candidate,
  type CoordinatorMessage,
  type HandshakeResponse,
  type NodeId,
  type PairReveal,
} from '@cloudless/proto';
import type { LaterBulk } from '../bulk-path.ts';
import { createLink, type AttachableLink } from '../create-link.ts';
import type { FrameChannel } from '../frame-channel.ts';
import type { AgentLink, LinkCode } from '../link.ts';
import { bulkRetryMs } from '../reconnect-delay.ts';
import { MAX_BULK_FRAME_BYTES } from '../stream-limits.ts';
import type { CarrierMemory } from './carrier-memory.ts';
import { DialFailed } from './dial-failed.ts';
import type { DuplexChannel } from './duplex-channel.ts';
import { lazyInnerContext, type JudgePeer, type PeerChain, type TlsIdentity } from './inner-tls.ts';
import { openInnerTls, type InnerDial } from './open-inner-tls.ts';
import { parseAnswer, preambleFrame, type Preamble, type PreambleAnswer } from './preamble.ts';

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
  readonly entropy: Pick<Entropy, 'random'>;
  readonly signal?: AbortSignal | undefined;
  /** As of `AskOptions`. */
  readonly openWithinMs?: number | undefined;
  /** The link stands, and its bulk path could not be brought this time. */
  readonly onBulkFailed?: ((cause: unknown) => void) | undefined;
  readonly carriers?: CarrierMemory | undefined;
};

/**
 * Opens the control path to the coordinator inside inner mutual TLS 1.3, and a link over it. The bulk path comes when the coordinator asks for it, or a
 * stream of this end; at once, where the coordinator is of the release before.
 * @throws DialFailed when it cannot be reached, is not this cluster's, or refuses; the signal's reason when it aborts
 */
export function dialCoordinator(options: DialOptions): Promise<AgentLink> {
  return inTime(options, `dialling ${options.url}`, async (signal) => {
    const context = lazyInnerContext(options.identity);
    const control = await openInnerTls({
      ...options,
      context,
      signal,
      maxFrameBytes: MAX_CONTROL_BYTES,
      preamble: { kind: 'control', protocol: LINK_PROTOCOL, bulk: 'later' },
    });
    const { answer, channel, carrier } = control;
    const linkOver = (bulk: FrameChannel | LaterBulk): AttachableLink<AgentMessage, CoordinatorMessage> =>
      createLink({
        control: channel,
        bulk,
        role: 'dialler',
        outgoing: agentMessageSchema,
        incoming: coordinatorMessageSchema,
        clock: options.clock,
      });
    try {
      if (answer.kind !== 'opened') throw refusedBy(answer, options.url);
      const dialBulk = (inner: AbortSignal): Promise<DuplexChannel> =>
        openBulk({ ...options, context, carrier, signal: inner }, answer.session);
      if (answer.bulk !== 'later') return linkOver(await dialBulk(signal));
      const link = linkOver({
        // It may come together with the answer, and is read then while the link is made.
        ask: () => queueMicrotask(() => void bringBulk(link, dialBulk, options)),
        // Whose turn it is, the coordinator says.
        askInTurn: () => undefined,
      });
      return link;
    } catch (cause) {
      channel.destroy();
      throw cause;
    }
  });
}

/** @throws DialFailed */
async function openBulk(dial: Omit<InnerDial, 'preamble' | 'maxFrameBytes'>, session: string): Promise<DuplexChannel> {
  const preamble = { kind: 'bulk', protocol: LINK_PROTOCOL, session } as const;
  const { channel, answer } = await openInnerTls({ ...dial, maxFrameBytes: MAX_BULK_FRAME_BYTES, preamble });
  if (answer.kind === 'attached') return channel;
  channel.destroy();
  throw refusedBy(answer, dial.url);
}

/** Until it stands or the link ends: a link without it is worth more than none, so that it is only tried again. */
async function bringBulk(
  link: AttachableLink<AgentMessage, CoordinatorMessage>,
  dialBulk: (signal: AbortSignal) => Promise<DuplexChannel>,
  options: DialOptions,
): Promise<void> {
  const { clock, entropy, url } = options;
  for (let failures = 0; !link.signal.aborted; failures += 1) {
    try {
      return link.attachBulk(await inTime({ clock, signal: link.signal }, `dialling ${url} for the bulk path`, dialBulk));
    } catch (cause) {
      if (link.signal.aborted) return;
      options.onBulkFailed?.(cause);
      const retryAfterMs = cause instanceof DialFailed ? cause.retryAfterMs : undefined;
      await clock.sleep(bulkRetryMs({ failures, retryAfterMs }, entropy), link.signal).catch(() => undefined);
    }
  }
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

type AskOptions = {
  readonly url: string;
  readonly judgeCoordinator: JudgePeer;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** How long the other end may take to let the connection in, which costs it nothing; as long as the dial when absent. Then it fails with `silent`. */
  readonly openWithinMs?: number | undefined;
  /** Shared by all dials of a device. */
  readonly carriers?: CarrierMemory | undefined;
};
/** How a person's approval is waited for. */
type Waiting = {
  /** A person has to approve; how long that may take, by the coordinator's clock. */
  readonly onWaiting?: ((waiting: { readonly expiresAt: number; readonly serverAt: number }) => void) | undefined;
};
/** Issued or refused: what an exchange ends with. */
export type JoinAnswer = Extract<HandshakeResponse, { kind: 'issued' | 'refused' }>;

export type JoinOptions = AskOptions &
  Waiting & {
    /** `<id>.<secret>` of the join token. */
    readonly token: string;
    /** PKCS #10, PEM. */
    readonly csr: string;
    /** Name that the device proposes for itself. */
    readonly name: string;
    /** What a person sees who has to approve it. */
    readonly candidate?: Candidate | undefined;
  };

/**
 * Asks for a first certificate. A refusal is an answer, with its reason.
 * @throws DialFailed when the coordinator cannot be reached or is not the one that the token pins
 */
export const joinCoordinator = ({ token, csr, name, candidate, ...options }: JoinOptions): Promise<JoinAnswer> =>
  askHandshake(options, { kind: 'join', protocol: LINK_PROTOCOL, token, csr, name, ...(candidate ? { candidate } : {}) });

export type PairOptions = AskOptions &
  Waiting & {
    /** Of an offer; a person comes to the device's own code when absent. */
    readonly code?: string | undefined;
    /** `commitTo` of `identity`. */
    readonly commitment: string;
    readonly name: string;
    readonly candidate: Candidate;
    /** The coordinator's half, and the chain that it showed: opens the commitment. */
    readonly onPaired: (paired: Extract<HandshakeResponse, { kind: 'paired' }>, chain: PeerChain) => PairReveal;
  };

/**
 * Pairs without a token: both ends show four words, and a person says whether they are the same.
 * @param options `judgeCoordinator` accepts any CA that is consistent with itself: the words judge it
 * @throws DialFailed when the coordinator cannot be reached
 */
export const pairCoordinator = ({ code, commitment, name, candidate, ...options }: PairOptions): Promise<JoinAnswer> =>
  askHandshake(options, { kind: 'pair', protocol: LINK_PROTOCOL, commitment, name, candidate, ...(code === undefined ? {} : { code }) });

export type RenewOptions = Omit<DialOptions, 'entropy' | 'onBulkFailed'> & { readonly nodeId: NodeId; readonly csr: string };

/**
 * Asks for a new certificate outside a session, by the device's key: also with a certificate that ran out up to 400 days ago. The CSR must be of that key.
 * @throws DialFailed when the coordinator cannot be reached or is not this cluster's
 */
export const renewCertificate = (options: RenewOptions): Promise<JoinAnswer> =>
  askHandshake(options, { kind: 'renew', protocol: LINK_PROTOCOL, nodeId: options.nodeId, csr: options.csr });

type Asking = AskOptions & Waiting & { readonly identity?: TlsIdentity; readonly onPaired?: PairOptions['onPaired'] };
/** The last answer comes a little after the last moment at which a person may approve. */
const LATE_ANSWER_MS = 10_000;

async function askHandshake(options: Asking, preamble: Preamble): Promise<JoinAnswer> {
  const { url, clock, signal, identity } = options;
  const context = identity && lazyInnerContext(identity);
  const opened = await inTime(options, `asking ${url} for a certificate`, (inner) =>
    openInnerTls({ ...options, context, signal: inner, maxFrameBytes: MAX_ANSWER_BYTES, preamble }),
  );
  const { channel, chain } = opened;
  let { answer } = opened;
  try {
    for (;;) {
      switch (answer.kind) {
        case 'issued':
        case 'refused':
          return answer;
        case 'paired': {
          if (!options.onPaired) throw outOfTurn(answer, url);
          channel.write(preambleFrame(options.onPaired(answer, chain)));
          answer = await inTime(options, `pairing with ${url}`, (inner) => nextAnswer(channel, url, inner));
          break;
        }
        case 'waiting': {
          options.onWaiting?.(answer);
          const waitMs = Math.min(JOIN_TTL_MS, Math.max(0, answer.expiresAt - answer.serverAt)) + LATE_ANSWER_MS;
          answer = await withDeadline(clock, 'waiting for an approval', waitMs, (inner) => nextAnswer(channel, url, inner), signal);
          break;
        }
        default:
          throw outOfTurn(answer, url);
      }
    }
  } finally {
    channel.end();
  }
}

const outOfTurn = (answer: PreambleAnswer, url: string): DialFailed =>
  new DialFailed('malformed', `The coordinator at ${url} answered a request for a certificate with ${answer.kind}`);

async function nextAnswer(channel: DuplexChannel, url: string, signal: AbortSignal): Promise<PreambleAnswer> {
  const next = Promise.withResolvers<PreambleAnswer>();
  const onAbort = (): void => {
    channel.destroy();
    next.reject(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  channel.receive({
    frame(frame) {
      channel.receive(undefined);
      const answer = parseAnswer(frame);
      if (answer) next.resolve(answer);
      else next.reject(new DialFailed('malformed', `The coordinator at ${url} answered with something that this release does not know`));
    },
    closed: () => next.reject(new DialFailed('path_lost', `The coordinator at ${url} closed the connection before it answered`)),
  });
  return next.promise.finally(() => signal.removeEventListener('abort', onAbort));
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
