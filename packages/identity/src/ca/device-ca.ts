import type { Entropy, Result } from '@cloudless/kernel';
import type { ClusterId, CoordinatorId, NodeId } from '@cloudless/proto';
import { createDeviceKey, loadKeyPair } from '../device-key.ts';
import { hashCertificateKey, readCertificates } from '../pem.ts';
import { formatSpiffeId, trustDomainOf, type SpiffeSubject } from '../spiffe-id.ts';
import { verifyIssued, type Svid, type SvidFault } from '../verify-svid.ts';
import { createAuthority, openSigner, type Authority } from './authority.ts';
import { issueLeaf, type Leaf } from './issue-leaf.ts';
import { createLeafTemplate } from './leaf-template.ts';
import { readCsr, type CsrFault, type ProvedCsr } from './read-csr.ts';

/** Life of a device's and of the coordinator's certificate. */
export const SVID_LIFE_MS = 24 * 3_600_000;

export const createDeviceAuthority = (options: {
  readonly clusterId: ClusterId;
  readonly now: number;
  readonly entropy: Entropy;
}): Promise<Authority> =>
  createAuthority({
    subject: 'CN=Cloudless devices',
    permitted: [{ kind: 'uri', host: trustDomainOf(options.clusterId) }],
    now: options.now,
    entropy: options.entropy,
  });

/** Signs the identities of one cluster's devices and coordinator. */
export interface DeviceCa {
  /** Trust bundle, PEM. */
  readonly bundle: string;
  /** What join tokens pin. */
  readonly caHash: string;
  /** `verifySvid` by this bundle. */
  verify(chain: readonly Uint8Array[], now: number): Result<Svid, SvidFault>;
  /** Reads a request and checks that whoever made it holds the key. */
  readCsr(csrPem: string): Result<ProvedCsr, CsrFault>;
  /** `certificate` is the leaf, then its issuer. What the request says about names is ignored. */
  issueNode(nodeId: NodeId, request: ProvedCsr, now: number): Leaf;
  /** For connections between coordinators, with a key of its own. */
  issuePeer(coordinatorId: CoordinatorId, now: number): Promise<Leaf & { readonly key: string }>;
  /** For the inner TLS, with a key of its own. */
  issueCoordinator(now: number): Promise<Leaf & { readonly key: string }>;
}

export async function openDeviceCa(options: {
  readonly authority: Authority;
  readonly clusterId: ClusterId;
  readonly entropy: Entropy;
}): Promise<DeviceCa> {
  const { authority, entropy } = options;
  const signer = await openSigner(authority);
  const trustDomain = trustDomainOf(options.clusterId);
  const trusted = readCertificates(authority.certificate);
  const [certificate] = trusted;
  if (!certificate) throw new Error('invariant broken: the stored device authority has no certificate');
  const withIssuer = (leaf: Leaf): Leaf => ({ ...leaf, certificate: `${leaf.certificate.trim()}\n${authority.certificate.trim()}\n` });
  const nodes = await createLeafTemplate(signer, { usage: ['client', 'server'], lifeMs: SVID_LIFE_MS }, { now: 0, entropy });
  const uri = (value: string) => [{ type: 'url', value }] as const;

  async function issueOwn(subject: SpiffeSubject, now: number): Promise<Leaf & { readonly key: string }> {
    const key = createDeviceKey();
    const { publicKey } = await loadKeyPair(key);
    const names = uri(formatSpiffeId(trustDomain, subject));
    const leaf = await issueLeaf(
      signer,
      { subject: 'CN=coordinator', names, publicKey, usage: ['server', 'client'], lifeMs: SVID_LIFE_MS },
      { now, entropy },
    );
    return { ...withIssuer(leaf), key };
  }

  return {
    bundle: authority.certificate,
    caHash: hashCertificateKey(certificate),
    verify: (chain, now) => verifyIssued(chain, trusted, now),
    readCsr,
    issueNode: (nodeId, { spki }, now) =>
      withIssuer(nodes.fill({ commonName: nodeId, uri: formatSpiffeId(trustDomain, { kind: 'node', nodeId }), spki }, { now, entropy })),
    issuePeer: (coordinatorId, now) => issueOwn({ kind: 'peer', coordinatorId }, now),
    issueCoordinator: (now) => issueOwn({ kind: 'coordinator' }, now),
  };
}
