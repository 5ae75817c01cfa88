import { commitTo, PAIR_NONCE_BYTES, wordsOf } from '@cloudless/identity';
import { err, ok, type Result } from '@cloudless/kernel';
import {
  JOIN_TTL_MS,
  type HandshakeRequest,
  type JoinTokenId,
  type LendingRule,
  type OrgId,
  type PairReveal,
  type UserId,
} from '@cloudless/proto';
import type { HandshakeExchange } from '@cloudless/transport/tls';
import { admitNode, type Terms } from './admit-node.ts';
import { awaitApproval } from './await-approval.ts';
import { judgeOffer, type JoinRefusal } from './find-offer.ts';
import type { JoinCodes } from './join-codes.ts';
import { admit, showOffer, type Joined, type JoinDeps } from './serve-join.ts';

/** Devices that wait without an offer, at once: in all and from one address. */
const MAX_REQUESTS = 32;
const MAX_REQUESTS_FROM_ONE = 4;

/** What the person who approved a device without an offer bound to it. */
export type GivenTerms = {
  readonly ownerUserId: UserId;
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly lending?: LendingRule | undefined;
};

export type PairDeps = JoinDeps & {
  readonly codes: JoinCodes;
  readonly orgId: OrgId;
  readonly caHash: string;
  /** Address of the page that approves, with the code in its fragment. */
  readonly pairUrl: (code: string) => string;
  readonly givenTerms: Map<JoinTokenId, GivenTerms>;
};
type PairRequest = Extract<HandshakeRequest, { kind: 'pair' }>;
type Pairing = { readonly id: JoinTokenId; readonly expiresAt: number; readonly code?: string };

/** A device without a token: both ends show four words over what each was shown, and a person says whether they are the same. */
export async function servePair(request: PairRequest, exchange: HandshakeExchange, deps: PairDeps): Promise<Result<Joined, JoinRefusal>> {
  const opened = request.code === undefined ? openRequest(exchange, deps) : await findOffered(request.code, exchange, deps);
  if (!opened.ok) return opened;
  const pairing = opened.value;
  const isRequest = pairing.code !== undefined;
  try {
    const proved = await exchangeWords(request, pairing, exchange, deps);
    if (!proved.ok) return proved;
    const { reveal, words } = proved.value;
    const device = {
      ...request.candidate,
      words,
      ...(exchange.remoteAddress === undefined ? {} : { remoteAddress: exchange.remoteAddress }),
    };
    const approved = await awaitApproval({ id: pairing.id, expiresAt: pairing.expiresAt, device }, exchange, deps);
    if (!approved.ok) return approved;
    const proof = { csr: reveal.csr, name: request.name };
    if (isRequest) return await admitRequest(pairing.id, proof, deps);
    const offer = await deps.records.findJoinToken(pairing.id);
    return offer ? await admit(offer, proof, deps) : err(refusal('the offer is gone; make a new one', pairing.id));
  } finally {
    if (isRequest) {
      deps.codes.drop(pairing.id);
      deps.givenTerms.delete(pairing.id);
      deps.joins.end(pairing.id, 'cancelled');
    }
  }
}

const refusal = (message: string, tokenId?: JoinTokenId, isAttack = false): JoinRefusal => ({
  code: 'pairing',
  message,
  hop: 'token',
  tokenId,
  isAttack,
});

async function findOffered(
  code: string,
  { remoteAddress = 'unknown' }: HandshakeExchange,
  deps: PairDeps,
): Promise<Result<Pairing, JoinRefusal>> {
  const { codes, records, clock } = deps;
  const found = codes.find(code, remoteAddress);
  if (found.kind === 'tooMany') {
    const minutes = Math.ceil(found.retryAfterMs / 60_000);
    return err({
      ...refusal(
        `too many wrong codes came from ${remoteAddress}; wait ${minutes} min, or use the command with the token`,
        undefined,
        true,
      ),
      code: 'too_many',
    });
  }
  const row = found.kind === 'found' ? await records.findJoinToken(found.id) : undefined;
  if (!row) return err({ ...refusal('no offer has this code; type the code that the dialog shows now'), code: 'wrong_code' });
  const judged = judgeOffer(row, clock.now());
  if (!judged.ok) return judged;
  showOffer(row, deps);
  deps.joins.step(row.id, 'connected', remoteAddress);
  return ok({ id: row.id, expiresAt: row.expiresAt });
}

function openRequest({ remoteAddress }: HandshakeExchange, deps: PairDeps): Result<Pairing, JoinRefusal> {
  const { joins, codes, orgId, clock, entropy } = deps;
  const { all, fromHere } = joins.countRequests(remoteAddress);
  if (all >= MAX_REQUESTS || fromHere >= MAX_REQUESTS_FROM_ONE)
    return err({
      ...refusal('too many devices wait for an approval already; approve or deny those first', undefined, true),
      code: 'too_many',
    });
  const id = entropy.id('join') as JoinTokenId;
  const createdAt = clock.now();
  const expiresAt = createdAt + JOIN_TTL_MS;
  joins.open({ id, orgId, origin: 'request', createdAt, expiresAt });
  joins.step(id, 'connected', remoteAddress);
  return ok({ id, expiresAt, code: codes.create(id, expiresAt) });
}

async function exchangeWords(
  request: PairRequest,
  { id, code, expiresAt }: Pairing,
  exchange: HandshakeExchange,
  { caHash, pairUrl, ca, clock, entropy }: PairDeps,
): Promise<Result<{ readonly reveal: PairReveal; readonly words: ReturnType<typeof wordsOf> }, JoinRefusal>> {
  const nonce = Buffer.from(entropy.bytes(PAIR_NONCE_BYTES)).toString('base64url');
  const shown = code === undefined ? {} : { request: { code, url: pairUrl(code) } };
  exchange.send({ kind: 'paired', nonce, expiresAt, serverAt: clock.now(), ...shown });
  const reveal = await exchange.receiveReveal();
  if (commitTo({ csr: reveal.csr, deviceNonce: reveal.nonce }) !== request.commitment)
    return err({ ...refusal('the device is not the one that began this pairing', id, true), code: 'commitment', hop: 'words' });
  const csr = ca.readCsr(reveal.csr);
  if (!csr.ok) return err({ ...refusal(csr.error.message, id), code: 'bad_request' });
  return ok({ reveal, words: wordsOf({ caHash, csr: reveal.csr, deviceNonce: reveal.nonce, coordinatorNonce: nonce }) });
}

async function admitRequest(
  id: JoinTokenId,
  proof: { readonly csr: string; readonly name: string },
  deps: PairDeps,
): Promise<Result<Joined, JoinRefusal>> {
  const given = deps.givenTerms.get(id);
  if (!given) return err(refusal('it was approved by nobody', id));
  const terms: Terms = { id, orgId: deps.orgId, ...given, labels: given.labels ?? {} };
  const admitted = await admitNode({ terms, csr: proof.csr, proposal: proof.name, spend: () => Promise.resolve(true) }, deps);
  if (!admitted.ok) return err({ ...admitted.error, hop: 'token', tokenId: id });
  deps.joins.joined(id, admitted.value.row.id);
  deps.joins.step(id, 'joined');
  return ok({ ...admitted.value, id });
}
