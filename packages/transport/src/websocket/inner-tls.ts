import { constants } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Result } from '@cloudless/kernel';

/** The other end's certificates as it sent them: DER, leaf first. Empty when it showed none. */
export type PeerChain = readonly Uint8Array[];

/** Judges who the other end is; on `error`, a sentence for people. Host names and addresses play no part. */
export type JudgePeer = (chain: PeerChain) => Result<unknown, string>;

/** A certificate chain and its private key, PEM. */
export type TlsIdentity = { readonly certificate: string; readonly key: string };

/** TLS 1.3 only and no session tickets: who is there is judged anew at each connection. */
export const INNER_TLS = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET } as const;

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
