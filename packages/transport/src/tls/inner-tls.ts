import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { Result } from '@cloudless/kernel';

/** The other end's certificates as it sent them: DER, leaf first. Empty when it showed none. */
export type PeerChain = readonly Uint8Array[];

/** Judges who the other end is; on `error`, a sentence for people. Host names and addresses play no part. */
export type JudgePeer = (chain: PeerChain) => Result<unknown, string>;

/** A certificate chain and its private key, PEM. */
export type TlsIdentity = { readonly certificate: string; readonly key: string };

/** TLS 1.3 only and no session tickets: who is there is judged anew at each connection. */
export const INNER_TLS = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET } as const;

/**
 * For several connections of one end: each of its own would read certificates and key anew, which costs as much as half a handshake, and keep them.
 *
 * @param bundle of the end that accepts: named to the others as the issuer that is asked for, PEM
 */
export const createInnerContext = ({ certificate, key }: TlsIdentity, bundle?: string): SecureContext =>
  createSecureContext({ ...INNER_TLS, cert: certificate, key, ...(bundle === undefined ? {} : { ca: bundle }) });

/** Of each identity one, for as long as somebody holds the identity. */
const contexts = new WeakMap<TlsIdentity, SecureContext>();

/** The same for an end that dials, made when it is asked for; once for all dials with this very `identity`. */
export const lazyInnerContext = (identity: TlsIdentity) => (): SecureContext => {
  const known = contexts.get(identity) ?? createInnerContext(identity);
  contexts.set(identity, known);
  return known;
};

const MAX_CHAIN = 5;

export function readPeerChain(socket: TLSSocket): PeerChain {
  const chain: Uint8Array[] = [];
  let next = socket.getPeerX509Certificate();
  while (next && chain.length < MAX_CHAIN) {
    const { raw } = next;
    if (chain.some((known) => raw.equals(known))) break;
    chain.push(raw);
    next = next.issuerCertificate;
  }
  return chain;
}
