const UNTRUSTED =
  /^(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|CERT_SIGNATURE_FAILURE|INVALID_CA)$/;
const OUT_OF_TIME = /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/;
/** The node's word on our certificate (RFC 8446 §6.2). Spelled with SSLV3, TLSV1, TLSV13 or SSL/TLS before it, by the version of OpenSSL. */
const REFUSED_US =
  /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE|HANDSHAKE_FAILURE)$/;

/** What a code of Node's or OpenSSL's means to whoever set up the certificates; `undefined` when it is not about them. */
export function explainTls(code: string): string | undefined {
  if (UNTRUSTED.test(code)) return 'its certificate is not signed by an authority that is trusted here (CLOUDLESS_STORE_CA names one)';
  if (OUT_OF_TIME.test(code)) return 'its certificate has expired or is not valid yet: renew it on that node';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'its certificate is for other names: issue it for this address, or use the name that it is for';
  if (REFUSED_US.test(code))
    return 'it demands a client certificate and does not take ours (CLOUDLESS_STORE_CERT and CLOUDLESS_STORE_KEY name one)';
  return code === 'ERR_SSL_WRONG_VERSION_NUMBER'
    ? 'it speaks plain HTTP: use http://, or start it with -http-cert and -http-key'
    : undefined;
}

/**
 * Whether a node refused our certificate. In TLS 1.3 that comes after the client's last word, so that a request may have been written by then;
 * but who refuses the handshake reads nothing behind it.
 */
export const refusedClient = (code: string): boolean => REFUSED_US.test(code);
