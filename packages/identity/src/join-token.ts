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
  /** Where the coordinator may be, the best first: `host:port` or a URL. */
  readonly addresses?: readonly string[];
};

/** Addresses that a token carries at most, and how long their text may be: a person copies it. */
const MAX_ADDRESSES = 16;
const MAX_ADDRESS_TEXT = 1500;

/** `cl1.<caHash>.<id>.<secret>[.<addresses>]`, as a person carries it; the addresses are base64url of the list, one a line. */
export function encodeJoinToken({ caHash, id, secret, addresses = [] }: JoinToken): string {
  const text = Buffer.from(addresses.slice(0, MAX_ADDRESSES).join('\n'), 'utf8').toString('base64url');
  return `cl1.${caHash}.${id}.${secret}${text === '' ? '' : `.${text}`}`;
}

/** @returns `undefined` when the text is not a join token; `presented` is the part that the `join` message carries */
export function parseJoinToken(
  text: string,
): (JoinToken & { readonly presented: string; readonly addresses: readonly string[] }) | undefined {
  const match = /^cl1\.([A-Za-z0-9_-]{43})\.(join_[a-z2-7]{26}\.[A-Za-z0-9_-]{16,64})(?:\.([A-Za-z0-9_-]+))?$/.exec(text.trim());
  const [, caHash, presented, places] = match ?? [];
  if (caHash === undefined || presented === undefined || (places?.length ?? 0) > MAX_ADDRESS_TEXT) return undefined;
  const parts = parsePresentedToken(presented);
  return parts && { caHash, presented, ...parts, addresses: readAddresses(places) };
}

function readAddresses(places: string | undefined): readonly string[] {
  const lines = Buffer.from(places ?? '', 'base64url')
    .toString('utf8')
    .split('\n');
  return lines.filter((line) => /^[\x21-\x7e]{1,255}$/.test(line)).slice(0, MAX_ADDRESSES);
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
