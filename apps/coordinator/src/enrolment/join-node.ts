import type { Store } from '@cloudless/db';
import { assert, err, ok, type Clock, type Entropy, type Result } from '@cloudless/kernel';
import { hashJoinSecret, isSameHash, parsePresentedToken } from '@cloudless/identity';
import type { DeviceCa, Leaf } from '@cloudless/identity/ca';
import type { BatchId, EventId, HandshakeRequest, JoinTokenId, NodeId, NodeRow } from '@cloudless/proto';
import { cleanNodeName, uniqueNodeName } from './node-name.ts';
import type { EnrolmentRecords, JoinTokenRow } from './records.ts';

export type JoinRequest = Extract<HandshakeRequest, { kind: 'join' }>;
export type JoinRefusal = {
  readonly code: 'malformed' | 'unknown' | 'wrong_secret' | 'expired' | 'used' | 'bad_request';
  readonly message: string;
  readonly tokenId?: JoinTokenId | undefined;
};
export type Joined = { readonly row: NodeRow; readonly leaf: Leaf; readonly tokenId: JoinTokenId };

export type JoinDeps = {
  readonly store: Store;
  readonly records: EnrolmentRecords;
  readonly ca: DeviceCa;
  readonly clock: Clock;
  readonly entropy: Entropy;
};

/**
 * One device in for one token. The token is spent before the node exists: a crash between the two costs a token, never admits two.
 * @throws CloudlessError `store_unavailable`, `outcome_unknown`
 */
export async function joinNode(request: JoinRequest, deps: JoinDeps): Promise<Result<Joined, JoinRefusal>> {
  const { store, records, ca, clock, entropy } = deps;
  const found = await findToken(request.token, records, clock.now());
  if (!found.ok) return found;
  const token = found.value;
  // Before the token is spent: a request that cannot be signed must not cost it.
  const csr = await ca.readCsr(request.csr);
  if (!csr.ok) return err({ code: 'bad_request', message: csr.error.message, tokenId: token.id });
  const nodeId = entropy.id('node') as NodeId;
  const now = clock.now();
  if (!(await records.useJoinToken(token.id, nodeId, now)))
    return err({ code: 'used', message: 'the join token was used already; make a new one', tokenId: token.id });
  const leaf = await ca.issueNode(nodeId, request.csr, now);
  if (!leaf.ok) return err({ code: 'bad_request', message: leaf.error.message, tokenId: token.id });
  const row = describeNode({ nodeId, token, proposal: request.name, leaf: leaf.value, now, store });
  await insertNode(row, token, deps);
  return ok({ row, leaf: leaf.value, tokenId: token.id });
}

async function findToken(presented: string, records: EnrolmentRecords, now: number): Promise<Result<JoinTokenRow, JoinRefusal>> {
  const parts = parsePresentedToken(presented);
  if (!parts) return err({ code: 'malformed', message: 'the join token is not complete; copy it again' });
  const token = await records.findJoinToken(parts.id);
  // One answer for an unknown id and a wrong secret: ids are no secret, but their existence is nobody's business.
  const unknown = 'the join token is not known here; make a new one';
  if (!token) return err({ code: 'unknown', message: unknown, tokenId: parts.id });
  if (!isSameHash(hashJoinSecret(parts.secret), token.secretHash))
    return err({ code: 'wrong_secret', message: unknown, tokenId: parts.id });
  if (token.usedAt !== undefined)
    return err({ code: 'used', message: 'the join token was used already; make a new one', tokenId: parts.id });
  if (token.expiresAt <= now) return err({ code: 'expired', message: 'the join token has expired; make a new one', tokenId: parts.id });
  return ok(token);
}

type NodeFacts = {
  readonly nodeId: NodeId;
  readonly token: JoinTokenRow;
  readonly proposal: string;
  readonly leaf: Leaf;
  readonly now: number;
  readonly store: Store;
};

function describeNode({ nodeId, token, proposal, leaf, now, store }: NodeFacts): NodeRow {
  const taken = new Set<string>();
  for (const { row } of store.list('node')) if (row.orgId === token.orgId && row.revokedAt === undefined) taken.add(row.name);
  return {
    id: nodeId,
    orgId: token.orgId,
    ...(token.ownerUserId ? { ownerUserId: token.ownerUserId } : {}),
    name: uniqueNodeName(cleanNodeName(token.name ?? proposal), taken),
    labels: token.labels,
    schedulable: true,
    allocatable: { cpuMillicores: 0, memoryBytes: 0 },
    state: {
      word: 'unreachable',
      cause: { code: 'not_connected_yet', message: 'The device has joined and has not connected yet.' },
      sinceAt: now,
    },
    certificate: { serial: leaf.serial, notAfter: leaf.notAfter },
    joinedAt: now,
    updatedAt: now,
  };
}

async function insertNode(row: NodeRow, token: JoinTokenRow, { store, clock, entropy }: JoinDeps): Promise<void> {
  const event = (kind: 'node.joined' | 'joinToken.used', message: string) =>
    ({
      kind: 'event',
      event: {
        id: entropy.id('ev') as EventId,
        at: clock.now(),
        kind,
        severity: 'info',
        orgId: row.orgId,
        nodeId: row.id,
        actor: { kind: 'node', id: row.id, name: row.name },
        params: { name: row.name, tokenId: token.id },
        message,
      },
    }) as const;
  const outcome = await store.commit({
    id: entropy.id('batch') as BatchId,
    mutations: [
      { kind: 'put', table: 'node', row, expect: 'absent' },
      event('joinToken.used', `A join token was used by ${row.name}.`),
      event('node.joined', `${row.name} joined the cluster.`),
    ],
  });
  assert(outcome.kind === 'committed', 'the id of a new node is not in use');
}
