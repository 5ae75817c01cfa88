import {
  handshakeRequestSchema,
  handshakeResponseSchema,
  LINK_PROTOCOL,
  type HandshakeRequest,
  type HandshakeResponse,
  type PairReveal,
} from '@cloudless/proto';
import { FRAME, jsonFrame, parseJsonPayload } from '../frame-channel.ts';

/** What the dialling end says first inside the inner TLS: a request that needs no certificate, or which of the two paths this is. */
export type Preamble =
  | HandshakeRequest
  | {
      readonly kind: 'control';
      readonly protocol: number;
      /** It speaks before its bulk path stands, and brings that when it is asked. Absent: it says nothing before both stand. */
      readonly bulk?: 'later';
    }
  | { readonly kind: 'bulk'; readonly protocol: number; readonly session: string };

export type Refused = Extract<HandshakeResponse, { kind: 'refused' }>;
/** What it hears back. `session` is the secret that its bulk path presents; `bulk` that this may come later, where it offered that. */
export type PreambleAnswer =
  | HandshakeResponse
  | { readonly kind: 'opened'; readonly session: string; readonly bulk?: 'later' }
  | { readonly kind: 'attached' };

/** Oldest protocol that is still served. */
export const OLDEST_PROTOCOL = Math.max(1, LINK_PROTOCOL - 1);

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;

const later = (value: unknown): { readonly bulk?: 'later' } => (field(value, 'bulk') === 'later' ? { bulk: 'later' } : {});

function payloadOf(frame: Uint8Array): unknown {
  return frame[0] === FRAME.preamble ? parseJsonPayload(frame.subarray(1)) : undefined;
}

/** @returns a sentence when the frame is no preamble */
export function parsePreamble(frame: Uint8Array): Preamble | string {
  const value = payloadOf(frame);
  const kind = field(value, 'kind');
  const protocol = field(value, 'protocol');
  const session = field(value, 'session');
  if (typeof protocol !== 'number') return 'the first message names no protocol version';
  if (kind === 'control') return { kind, protocol, ...later(value) };
  if (kind === 'bulk' && typeof session === 'string') return { kind, protocol, session };
  const request = handshakeRequestSchema.safeParse(value);
  if (request.success) return request.data;
  const issue = request.error.issues[0];
  return `the first message could not be read: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
}

/** @returns `undefined` when the frame is no answer */
export function parseAnswer(frame: Uint8Array): PreambleAnswer | undefined {
  const value = payloadOf(frame);
  const kind = field(value, 'kind');
  const session = field(value, 'session');
  if (kind === 'opened' && typeof session === 'string') return { kind, session, ...later(value) };
  if (kind === 'attached') return { kind };
  const response = handshakeResponseSchema.safeParse(value);
  return response.success ? response.data : undefined;
}

export const preambleFrame = (value: Preamble | PreambleAnswer | PairReveal): Uint8Array => jsonFrame(FRAME.preamble, value);
