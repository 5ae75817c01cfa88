import type { ClientRequest } from 'node:http';
import { TLSSocket } from 'node:tls';

/** What Node says of a chain that leads to an authority that nobody but its owner knows. A wrong name or time is another matter. */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
/** Of the coordinator itself (`createWebCa`). */
const OWN_AUTHORITY = 'Cloudless dashboard';

/**
 * Who certifies the outer TLS of a request, where that is an authority that only a company or a home knows: a box that decrypts what passes has one.
 * `undefined` for public authorities, for a certificate that vouches for itself, for the coordinator's own, and before TLS stands.
 */
export function watchOuterAuthority(request: ClientRequest): () => string | undefined {
  let authority: string | undefined;
  request.once('socket', (socket) => {
    if (!(socket instanceof TLSSocket)) return;
    const look = (): void => {
      const issuer = socket.getPeerX509Certificate()?.issuer;
      if (issuer !== undefined) authority = judgeAuthority(issuer, String(socket.authorizationError));
    };
    look();
    socket.once('secureConnect', look);
  });
  return () => authority;
}

/** @param issuer one attribute a line, as `X509Certificate` has it */
function judgeAuthority(issuer: string, fault: string): string | undefined {
  const attribute = (name: string): string | undefined => new RegExp(`^${name}=(.+)$`, 'm').exec(issuer)?.[1];
  const named = attribute('CN') ?? attribute('O') ?? attribute('OU') ?? 'an authority without a name';
  return UNKNOWN_AUTHORITY.has(fault) && named !== OWN_AUTHORITY ? named : undefined;
}
