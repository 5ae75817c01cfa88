import type { Duplex } from 'node:stream';
import type { AgentMessage, CoordinatorMessage, StreamHeader } from '@cloudless/proto';

/** Why a link or a stream ended, as a stable code. */
export type LinkCode =
  /** Orderly end: the process stops, or the stream is no longer wanted. */
  | 'closed'
  | 'path_lost'
  | 'timeout'
  | 'refused'
  | 'revoked'
  | 'replaced'
  | 'left'
  | 'certificate_refused'
  | 'protocol_mismatch'
  | 'malformed'
  | 'oversized'
  | 'unknown_kind'
  | 'overloaded';

export type LinkReason = {
  readonly code: LinkCode;
  /** English sentence for logs and people. */
  readonly message: string;
  /** `false`: dialling again changes nothing until a person acts. */
  readonly retry: boolean;
};

/** `by`: this end, the other end, or the network between them. */
export type LinkClosed = LinkReason & { readonly by: 'self' | 'peer' | 'network' };

/** Control carries messages and heartbeats, bulk the streams, so that bulk never delays a heartbeat. */
export type LinkPath = 'control' | 'bulk';

/** A stream that the other end wants to open. Call exactly one of the two; until then no byte flows. */
export type IncomingStream = {
  readonly header: StreamHeader;
  accept(): Duplex;
  /** The opener's `openStream` rejects with this. */
  refuse(code: LinkCode, message: string): void;
};

/**
 * Control messages in order, and multiplexed streams with flow control, between one agent and the coordinator.
 * Both ends validate what they send and what they receive.
 */
export interface Link<Out, In> {
  /**
   * Queues a message. `false`: nothing was queued, because the link is closed or its send queue (8 MiB) is full: a slow peer.
   * @throws CloudlessError `too_large` above 4 MiB; an Error when the message is not of the schema (a fault of the caller)
   */
  send(message: Out): boolean;
  /** Bytes handed to `send` that the network has not taken. */
  readonly queuedBytes: number;
  /** One listener at a time; messages that came before it was set (at most 1,000) are delivered first, in order. */
  onMessage(listener: (message: In) => void): void;
  /**
   * Opens a stream, and waits for the bulk path where it does not stand yet: who has no forever passes a signal. Its Duplex is half-closed by `end()`; `destroy(new StreamReset(code, message))` resets it with a reason, which the
   * other end's Duplex raises as its error.
   * @throws StreamReset when the other end refused, the limit of 256 streams is reached, or the link closed; the signal's reason
   */
  openStream(header: StreamHeader, signal?: AbortSignal): Promise<Duplex>;
  /** One listener at a time; without one, streams are refused. */
  onStream(listener: (incoming: IncomingStream) => void): void;
  /** Whether that path stands. The bulk path may come after the link. */
  stands(path: LinkPath): boolean;
  /**
   * What is urgent was said: the bulk path may come now, in its turn, which the coordinator gives. Streams ask for it sooner. Resolves when it
   * stands; rejects with StreamReset when the link closes before.
   */
  bringBulk(): Promise<void>;
  /** Resolves when the other end has answered over that path, once it stands: the caller measures. Rejects with StreamReset when the link closes. */
  probe(path: LinkPath): Promise<void>;
  /** Tells the other end why, then closes. Idempotent: the first reason stays. */
  close(reason: LinkReason): void;
  readonly closed: Promise<LinkClosed>;
  /** Aborts when the link closes; its reason is a `StreamReset`. */
  readonly signal: AbortSignal;
}

/** The agent's end. */
export type AgentLink = Link<AgentMessage, CoordinatorMessage>;
/** The coordinator's end. */
export type CoordinatorLink = Link<CoordinatorMessage, AgentMessage>;

/** The error of a stream, or of a wait on a link, that ended before its time. */
export class StreamReset extends Error {
  readonly code: LinkCode;
  constructor(code: LinkCode, message: string) {
    super(message);
    this.name = 'StreamReset';
    this.code = code;
  }
}
