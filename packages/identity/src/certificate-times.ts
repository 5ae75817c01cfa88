import type { X509Certificate } from 'node:crypto';
import { readCertificates } from './pem.ts';

/** Validity in ms since the epoch. */
export type Validity = { readonly notBefore: number; readonly notAfter: number };

export const validityOf = (certificate: X509Certificate): Validity => ({
  notBefore: certificate.validFromDate.getTime(),
  notAfter: certificate.validToDate.getTime(),
});

/** Validity of the first certificate of a PEM text; `undefined` when there is none. */
export function readValidity(pem: string): Validity | undefined {
  const [first] = readCertificates(pem);
  return first && validityOf(first);
}

/** Share of a certificate's life after which it is renewed, at the earliest and at the latest. */
const RENEW_FROM = 0.5;
const RENEW_UNTIL = 0.66;

/**
 * When to renew, in ms since the epoch: at 50 to 66 % of its life, so that a fleet that joined together does not return together.
 *
 * @param random uniform in [0, 1)
 */
export function renewAt(validity: Validity, random: number): number {
  const life = validity.notAfter - validity.notBefore;
  return Math.round(validity.notBefore + life * (RENEW_FROM + (RENEW_UNTIL - RENEW_FROM) * random));
}
