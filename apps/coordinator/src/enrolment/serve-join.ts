import { err, ok, type Result } from '@cloudless/kernel';
import type { HandshakeRequest, JoinTokenId } from '@cloudless/proto';
import type { HandshakeExchange } from '@cloudless/transport/tls';
import { admitNode, type AdmitDeps, type Admitted } from './admit-node.ts';
import { awaitApproval } from './await-approval.ts';
import { findOffer, type JoinRefusal } from './find-offer.ts';
import type { Joins } from './joins.ts';
import type { EnrolmentRecords, JoinTokenRow } from './records.ts';

export type JoinDeps = AdmitDeps & { readonly records: EnrolmentRecords; readonly joins: Joins };
export type Joined = Admitted & { readonly id: JoinTokenId };

/** An offer of before the last restart is shown again when its device comes. */
export function showOffer(offer: JoinTokenRow, { joins }: Pick<JoinDeps, 'joins'>): void {
  // The token of the coordinator's own machine is nobody's business.
  if (joins.find(offer.id) || offer.ownerUserId === undefined) return;
  const { id, orgId, name, createdAt, expiresAt } = offer;
  joins.open({ id, orgId, origin: 'offer', createdAt, expiresAt, ...(name === undefined ? {} : { name }) });
}

/** A device with a token: one in for one offer. */
export async function serveJoin(
  request: Extract<HandshakeRequest, { kind: 'join' }>,
  exchange: HandshakeExchange,
  deps: JoinDeps,
): Promise<Result<Joined, JoinRefusal>> {
  const { records, joins, clock } = deps;
  const found = await findOffer(request.token, records, clock.now());
  if (!found.ok) return found;
  const offer = found.value;
  showOffer(offer, deps);
  joins.step(offer.id, 'connected', exchange.remoteAddress);
  if (offer.approval) {
    const { candidate = { hostname: request.name, os: 'unknown', arch: 'unknown' } } = request;
    const device = { ...candidate, ...(exchange.remoteAddress === undefined ? {} : { remoteAddress: exchange.remoteAddress }) };
    const approved = await awaitApproval({ id: offer.id, expiresAt: offer.expiresAt, device }, exchange, deps);
    if (!approved.ok) return approved;
  }
  return admit(offer, request, deps);
}

/** @param proof what the device proposes, once who it is was settled */
export async function admit(
  offer: JoinTokenRow,
  proof: { readonly csr: string; readonly name: string },
  deps: JoinDeps,
): Promise<Result<Joined, JoinRefusal>> {
  const { records, joins } = deps;
  const admitted = await admitNode(
    { terms: offer, csr: proof.csr, proposal: proof.name, spend: (nodeId, now) => records.useJoinToken(offer.id, nodeId, now) },
    deps,
  );
  if (!admitted.ok) return err({ ...admitted.error, hop: 'token', tokenId: offer.id, isAttack: admitted.error.code === 'used' });
  joins.joined(offer.id, admitted.value.row.id);
  joins.step(offer.id, 'joined');
  return ok({ ...admitted.value, id: offer.id });
}
