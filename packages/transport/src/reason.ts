import { parseJsonPayload } from './frame-channel.ts';
import type { LinkCode, LinkReason } from './link.ts';

const CODES: readonly LinkCode[] = [
  'closed',
  'path_lost',
  'timeout',
  'refused',
  'revoked',
  'replaced',
  'left',
  'certificate_refused',
  'protocol_mismatch',
  'malformed',
  'oversized',
  'unknown_kind',
  'overloaded',
];
const MAX_MESSAGE = 2000;

/** A reason as the other end wrote it; a code of a newer release reads as `closed`, so that its message still arrives. */
export function parseReason(payload: Uint8Array): LinkReason {
  const value = parseJsonPayload(payload);
  const field = (name: string): unknown => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined);
  const code = CODES.find((known) => known === field('code')) ?? 'closed';
  const message = field('message');
  return {
    code,
    message: typeof message === 'string' ? message.slice(0, MAX_MESSAGE) : 'the other end gave no reason',
    retry: field('retry') !== false,
  };
}

export const writeReason = (reason: Omit<LinkReason, 'retry'> & { readonly retry?: boolean }): LinkReason => ({
  code: reason.code,
  message: reason.message.slice(0, MAX_MESSAGE),
  retry: reason.retry ?? true,
});
