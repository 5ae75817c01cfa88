import type { Store } from '@cloudless/db';
import { err, ok, type Clock, type Entropy, type Result } from '@cloudless/kernel';
import type { Svid, SvidFault } from '@cloudless/identity';
import type { DeviceCa, Leaf, ProvedCsr } from '@cloudless/identity/ca';
import type { BatchId, HandshakeRequest, NodeId, NodeRow } from '@cloudless/proto';
import type { LinkReason } from '@cloudless/transport';

/** How long after its end a certificate still renews, by the same key. */
const RENEW_AFTER_EXPIRY_MS = 400 * 86_400_000;
const MAX_TRIES = 8;

export type RenewDeps = { readonly store: Store; readonly ca: DeviceCa; readonly clock: Clock; readonly entropy: Entropy };
export type RenewRefusal = { readonly code: 'certificate_refused' | 'invalid_input'; readonly message: string };

/** The node, when it may still act: known, and not revoked. */
export function findActiveNode(nodeId: NodeId, store: Store): Result<NodeRow, LinkReason> {
  const row = store.get('node', nodeId)?.row;
  if (!row)
    return err({ code: 'certificate_refused', message: 'this cluster does not know this device any more: join it again', retry: false });
  if (row.revokedAt !== undefined)
    return err({ code: 'revoked', message: 'this device was removed from the cluster: join it again with a new token', retry: false });
  return ok(row);
}

/**
 * A certificate of ours from the future says that this coordinator's clock was set back, not that it is forged: nobody else signs with our
 * key. Devices that were served an hour ago are served now.
 */
function readSvid(chain: readonly Uint8Array[], { ca, clock }: Pick<RenewDeps, 'ca' | 'clock'>): Result<Svid, SvidFault> {
  const judged = ca.verify(chain, clock.now());
  return !judged.ok && judged.error.code === 'notYetValid' && judged.error.svid ? ok(judged.error.svid) : judged;
}

/** Who shows this chain, for a session: a valid certificate of an active node. */
export function authenticateNode(chain: readonly Uint8Array[], deps: RenewDeps): Result<NodeId, LinkReason> {
  const svid = readSvid(chain, deps);
  if (!svid.ok) return err({ code: 'certificate_refused', message: `${svid.error.message}; renew it, or join again`, retry: false });
  if (svid.value.subject.kind !== 'node')
    return err({ code: 'certificate_refused', message: 'the certificate is not of a device', retry: false });
  const row = findActiveNode(svid.value.subject.nodeId, deps.store);
  return row.ok ? ok(row.value.id) : row;
}

/** Signs anew for a node that has proved itself, and notes the certificate in its row. */
export async function renewNode(nodeId: NodeId, csr: string, deps: RenewDeps): Promise<Result<Leaf, RenewRefusal>> {
  const read = deps.ca.readCsr(csr);
  return read.ok ? signAnew(nodeId, read.value, deps) : err({ code: 'invalid_input', message: read.error.message });
}

async function signAnew(nodeId: NodeId, csr: ProvedCsr, deps: RenewDeps): Promise<Result<Leaf, RenewRefusal>> {
  const { store, ca, clock, entropy } = deps;
  const leaf = ca.issueNode(nodeId, csr, clock.now());
  const certificate = { serial: leaf.serial, notAfter: leaf.notAfter };
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const active = findActiveNode(nodeId, store);
    const found = store.get('node', nodeId);
    if (!active.ok || !found) return err({ code: 'certificate_refused', message: active.ok ? 'the device is gone' : active.error.message });
    const row = { ...found.row, certificate, updatedAt: clock.now() };
    const outcome = await store.commit({
      id: entropy.id('batch') as BatchId,
      mutations: [{ kind: 'put', table: 'node', row, expect: found.version }],
    });
    if (outcome.kind === 'committed') return ok(leaf);
  }
  return err({ code: 'certificate_refused', message: 'the device changed too often meanwhile; try again' });
}

/** Outside a session: the certificate may have run out, but the request must be of the very key that it names. */
export async function renewByKey(
  request: Extract<HandshakeRequest, { kind: 'renew' }>,
  chain: readonly Uint8Array[],
  deps: RenewDeps,
): Promise<Result<Leaf, RenewRefusal>> {
  const svid = readRecentSvid(chain, deps);
  if (!svid)
    return err({
      code: 'certificate_refused',
      message: 'no certificate of this cluster from the last 400 days was shown: join again with a new token',
    });
  if (svid.subject.kind !== 'node' || svid.subject.nodeId !== request.nodeId)
    return err({ code: 'certificate_refused', message: 'the certificate is of another device' });
  const csr = deps.ca.readCsr(request.csr);
  if (!csr.ok) return err({ code: 'invalid_input', message: csr.error.message });
  if (csr.value.keyHash !== svid.keyHash)
    return err({ code: 'certificate_refused', message: 'the request is of another key than the certificate' });
  return signAnew(request.nodeId, csr.value, deps);
}

function readRecentSvid(chain: readonly Uint8Array[], deps: RenewDeps): Svid | undefined {
  const svid = readSvid(chain, deps);
  if (svid.ok) return svid.value;
  const expired = svid.error.code === 'expired' ? svid.error.svid : undefined;
  return expired && deps.clock.now() <= expired.notAfter + RENEW_AFTER_EXPIRY_MS ? expired : undefined;
}
