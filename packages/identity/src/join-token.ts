import { createHash, timingSafeEqual } from 'node:crypto';
import { joinTokenIdSchema, type JoinTokenId } from '@cloudless/proto';

/** How long a join token may be used, in ms. */
export const JOIN_TOKEN_TTL_MS = 15 * 60_000;
/** Bytes of chance in its secret. */
export const JOIN_SECRET_BYTES = 24;

export type JoinToken = {
  /** Base64url of the SHA-256 of the device CA's SubjectPublicKeyInfo: what the joining device pins. */
  readonly caHash: string;
  readonly id: JoinTokenId;
  readonly secret: string;
};

/** `cl1.<caHash>.<id>.<secret>`, as a person carries it. */
export const encodeJoinToken = (token: JoinToken): string => `cl1.${token.caHash}.${token.id}.${token.secret}`;

/** @returns `undefined` when the text is not a join token; `presented` is the part that the `join` message carries */
export function parseJoinToken(text: string): (JoinToken & { readonly presented: string }) | undefined {
  const match = /^cl1\.([A-Za-z0-9_-]{43})\.(join_[a-z2-7]{26}\.[A-Za-z0-9_-]{16,64})$/.exec(text.trim());
  const [, caHash, presented] = match ?? [];
  if (caHash === undefined || presented === undefined) return undefined;
  const parts = parsePresentedToken(presented);
  return parts && { caHash, presented, ...parts };
}

/** The `<id>.<secret>` of a `join` message. */
export function parsePresentedToken(text: string): { readonly id: JoinTokenId; readonly secret: string } | undefined {
  const [idText, secret, ...more] = text.split('.');
  const id = joinTokenIdSchema.safeParse(idText);
  return id.success && secret !== undefined && secret.length > 0 && more.length === 0 ? { id: id.data, secret } : undefined;
}

/** SHA-256 of the secret: what is stored of it. The secret is 192 random bits, so that a slow hash would add nothing. */
export const hashJoinSecret = (secret: string): Uint8Array => new Uint8Array(createHash('sha256').update(secret, 'utf8').digest());

/** Compares in constant time. */
export const isSameHash = (one: Uint8Array, other: Uint8Array): boolean =>
  one.byteLength === other.byteLength && timingSafeEqual(one, other);
