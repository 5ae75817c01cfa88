import type { Store } from '@cloudless/db';
import { assert, err, ok, type Clock, type Entropy, type Result } from '@cloudless/kernel';
import type { DeviceCa, Leaf } from '@cloudless/identity/ca';
import type { BatchId, EventId, JoinTokenId, LendingRule, NodeId, NodeRow, OrgId, UserId } from '@cloudless/proto';
import { cleanNodeName, uniqueNodeName } from './node-name.ts';
import type { NodeNames } from './node-names.ts';

/** What was bound before the device came. */
export type Terms = {
  readonly id: JoinTokenId;
  readonly orgId: OrgId;
  readonly ownerUserId?: UserId | undefined;
  readonly name?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly lending?: LendingRule | undefined;
};

export type Admission = {
  readonly terms: Terms;
  /** PKCS #10, PEM. */
  readonly csr: string;
  /** The name that the device proposes. */
  readonly proposal: string;
  /** Spends the offer; of several that try at once, exactly one hears `true`. */
  readonly spend: (nodeId: NodeId, now: number) => Promise<boolean>;
};
export type Admitted = { readonly row: NodeRow; readonly leaf: Leaf };
export type AdmitDeps = {
  readonly store: Store;
  readonly names: Pick<NodeNames, 'isTaken'>;
  readonly ca: DeviceCa;
  readonly clock: Clock;
  readonly entropy: Entropy;
};

/**
 * One device in. The offer is spent before the node exists: a crash between the two costs an offer, never admits two.
 * @throws CloudlessError `store_unavailable`, `outcome_unknown`
 */
export async function admitNode(
  { terms, csr, proposal, spend }: Admission,
  deps: AdmitDeps,
): Promise<Result<Admitted, { readonly code: 'used' | 'bad_request'; readonly message: string }>> {
  const { ca, clock, entropy } = deps;
  // Before the offer is spent: a request that cannot be signed must not cost it.
  const read = ca.readCsr(csr);
  if (!read.ok) return err({ code: 'bad_request', message: read.error.message });
  const nodeId = entropy.id('node') as NodeId;
  const now = clock.now();
  if (!(await spend(nodeId, now))) return err({ code: 'used', message: 'the join token was used already; make a new one' });
  const leaf = ca.issueNode(nodeId, read.value, now);
  const row = describeNode({ nodeId, terms, proposal, leaf, now, names: deps.names });
  await insertNode(row, terms, deps);
  return ok({ row, leaf });
}

type NodeFacts = Pick<Admission, 'terms' | 'proposal'> & {
  readonly nodeId: NodeId;
  readonly leaf: Leaf;
  readonly now: number;
  readonly names: Pick<NodeNames, 'isTaken'>;
};

function describeNode({ nodeId, terms, proposal, leaf, now, names }: NodeFacts): NodeRow {
  return {
    id: nodeId,
    orgId: terms.orgId,
    ...(terms.ownerUserId ? { ownerUserId: terms.ownerUserId } : {}),
    name: uniqueNodeName(cleanNodeName(terms.name ?? proposal), { has: (name) => names.isTaken(terms.orgId, name) }),
    labels: terms.labels,
    ...(terms.lending && Object.keys(terms.lending).length > 0 ? { lending: terms.lending } : {}),
    schedulable: true,
    allocatable: { cpuMillicores: 0, memoryBytes: 0, storageBytes: 0 },
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

async function insertNode(row: NodeRow, terms: Terms, { store, clock, entropy }: AdmitDeps): Promise<void> {
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
        params: { name: row.name, tokenId: terms.id },
        message,
      },
    }) as const;
  const outcome = await store.commit({
    id: entropy.id('batch') as BatchId,
    mutations: [
      { kind: 'put', table: 'node', row, expect: 'absent' },
      event('joinToken.used', `An offer to join was used by ${row.name}.`),
      event('node.joined', `${row.name} joined the cluster.`),
    ],
  });
  assert(outcome.kind === 'committed', 'the id of a new node is not in use');
}
