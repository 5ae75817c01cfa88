import { createGuardedWriter, type Cluster, type SqlDriver, type Store } from '@cloudless/db';
import { err, ok, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { encodeJoinToken, hashJoinSecret, JOIN_SECRET_BYTES, JOIN_TOKEN_TTL_MS } from '@cloudless/identity';
import type { KeyWrap, Leaf } from '@cloudless/identity/ca';
import { LINK_PROTOCOL, type HandshakeRequest, type HandshakeResponse, type JoinTokenId, type NodeId } from '@cloudless/proto';
import type { Enrolment } from './enrolment.ts';
import { joinNode } from './join-node.ts';
import { loadDeviceCa } from './load-device-ca.ts';
import { createLocalDevice } from './local-device.ts';
import { createEnrolmentRecords } from './records.ts';
import { createRefusalEvents } from './refusal-events.ts';
import { authenticateNode, renewByKey, renewNode } from './renew-node.ts';

export type EnrolmentOptions = {
  readonly driver: SqlDriver;
  readonly store: Store;
  readonly cluster: Cluster;
  readonly keyWrap: KeyWrap;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
};

const refused = (code: string, message: string): HandshakeResponse => ({ kind: 'refused', code, message, retry: false });

/**
 * Loads or makes the device authority and serves joins and renewals with it.
 * @throws CloudlessError `config_invalid` when the master key does not open the stored authority; `store_unavailable`
 */
export async function createEnrolment(options: EnrolmentOptions): Promise<Enrolment> {
  const { driver, store, cluster, keyWrap, clock, entropy, logger } = options;
  const records = createEnrolmentRecords({ driver, writer: createGuardedWriter({ driver, clock, entropy, token: cluster.token }) });
  const ca = await loadDeviceCa({ records, keyWrap, clusterId: cluster.clusterId, clock, entropy });
  const refusals = createRefusalEvents({ store, clock, entropy, logger, orgId: cluster.orgId });
  const deps = { store, records, ca, clock, entropy };
  const local = await createLocalDevice({
    store,
    records,
    clock,
    entropy,
    logger,
    orgId: cluster.orgId,
    createToken: () => createJoinToken({ orgId: cluster.orgId }),
  });

  const createJoinToken: Enrolment['createJoinToken'] = async (input) => {
    const id = entropy.id('join') as JoinTokenId;
    const secret = Buffer.from(entropy.bytes(JOIN_SECRET_BYTES)).toString('base64url');
    const createdAt = clock.now();
    const expiresAt = createdAt + JOIN_TOKEN_TTL_MS;
    await records.insertJoinToken({
      id,
      orgId: input.orgId,
      ownerUserId: input.ownerUserId,
      secretHash: hashJoinSecret(secret),
      name: input.name,
      labels: input.labels ?? {},
      createdAt,
      expiresAt,
    });
    return { id, token: encodeJoinToken({ caHash: ca.caHash, id, secret }), expiresAt };
  };

  const issued = (nodeId: NodeId, leaf: Leaf): HandshakeResponse => ({
    kind: 'issued',
    nodeId,
    clusterId: cluster.clusterId,
    certificate: leaf.certificate,
    bundle: ca.bundle,
    serverAt: clock.now(),
  });

  async function join(request: Extract<HandshakeRequest, { kind: 'join' }>): Promise<HandshakeResponse> {
    const joined = await joinNode(request, deps);
    if (!joined.ok) {
      const { code, message, tokenId } = joined.error;
      await refusals.record({ code, message: `A device was refused: ${message}.`, tokenId, remoteName: request.name });
      return refused('join_token_refused', message);
    }
    const { row, leaf, tokenId } = joined.value;
    await local.noteJoined(tokenId, row.id);
    logger.info({ op: 'node.join', outcome: 'ok', nodeId: row.id, tokenId, name: row.name });
    return issued(row.id, leaf);
  }

  return {
    bundle: ca.bundle,
    get refusedCount() {
      return refusals.count;
    },
    createJoinToken,
    async handshake(request, chain) {
      if (request.protocol > LINK_PROTOCOL)
        return refused(
          'protocol_mismatch',
          `the agent speaks protocol ${request.protocol}, this coordinator ${LINK_PROTOCOL}: update the coordinator`,
        );
      if (request.kind === 'join') return join(request);
      const leaf = await renewByKey(request, chain, deps);
      logger.info({ op: 'node.renew', outcome: leaf.ok ? 'ok' : 'refused', nodeId: request.nodeId });
      return leaf.ok ? issued(request.nodeId, leaf.value) : refused(leaf.error.code, leaf.error.message);
    },
    authenticate: (chain) => authenticateNode(chain, deps),
    async renew(nodeId, csr) {
      const leaf = await renewNode(nodeId, csr, deps);
      return leaf.ok ? ok({ certificate: leaf.value.certificate, bundle: ca.bundle }) : err(leaf.error);
    },
    issueCoordinatorIdentity: () => ca.issueCoordinator(clock.now()),
    localNodeId: () => local.nodeId(),
    ensureLocalJoinToken: (file) => local.ensureToken(file),
    stop: () => local.stop(),
  };
}
