import { createGroupedWriter, createGuardedWriter, type Cluster, type SqlDriver, type Store } from '@cloudless/db';
import { err, ok, type Clock, type Entropy, type Logger, type Result } from '@cloudless/kernel';
import { encodeJoinToken, hashJoinSecret, JOIN_SECRET_BYTES } from '@cloudless/identity';
import type { KeyWrap, Leaf } from '@cloudless/identity/ca';
import {
  CloudlessError,
  JOIN_TTL_MS,
  LINK_PROTOCOL,
  saying,
  type HandshakeResponse,
  type JoinHop,
  type JoinTokenId,
  type NodeId,
} from '@cloudless/proto';
import type { HandshakeExchange } from '@cloudless/transport/tls';
import { createThrottle } from '../people/throttle.ts';
import type { Enrolment, NewOffer } from './enrolment.ts';
import type { JoinRefusal } from './find-offer.ts';
import { createJoinCodes } from './join-codes.ts';
import { createJoins } from './joins.ts';
import { loadDeviceCa } from './load-device-ca.ts';
import { createLocalDevice } from './local-device.ts';
import { createNodeNames } from './node-names.ts';
import { createEnrolmentRecords } from './records.ts';
import { createRefusalEvents } from './refusal-events.ts';
import { authenticateNode, renewByKey, renewNode } from './renew-node.ts';
import { serveJoin, showOffer, type Joined } from './serve-join.ts';
import { servePair, type GivenTerms } from './serve-pair.ts';

export type EnrolmentOptions = {
  readonly driver: SqlDriver;
  readonly store: Store;
  readonly cluster: Cluster;
  readonly keyWrap: KeyWrap;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Where devices may find this coordinator, the best first; goes into tokens and answers. None when absent. */
  readonly addresses?: () => readonly string[];
  /** Address of the page that approves a device which shows this code. */
  readonly pairUrl?: (code: string) => string;
};

/** Refused joins from one address in a minute before it is not served for the rest of it. */
const REFUSALS_FROM_ONE = { windowMs: 60_000, max: 30 } as const;

const refused = (code: string, message: string, hop?: JoinHop): HandshakeResponse => ({
  kind: 'refused',
  code,
  message,
  retry: false,
  ...(hop === undefined ? {} : { hop }),
});

/**
 * Loads or makes the device authority and serves joins and renewals with it.
 * @throws CloudlessError `config_invalid` when the master key does not open the stored authority; `store_unavailable`
 */
export async function createEnrolment(options: EnrolmentOptions): Promise<Enrolment> {
  const { driver, store, cluster, keyWrap, clock, entropy, logger, addresses = () => [], pairUrl = (code) => code } = options;
  // Devices may come in crowds.
  const writer = createGroupedWriter(createGuardedWriter({ driver, clock, entropy, token: cluster.token }));
  const records = createEnrolmentRecords({ driver, writer });
  const ca = await loadDeviceCa({ records, keyWrap, clusterId: cluster.clusterId, clock, entropy });
  const refusals = createRefusalEvents({ store, clock, entropy, logger, orgId: cluster.orgId });
  const joins = createJoins({ clock });
  const codes = createJoinCodes({ clock, entropy });
  const names = createNodeNames(store);
  const throttle = createThrottle(clock);
  const givenTerms = new Map<JoinTokenId, GivenTerms>();
  const { orgId } = cluster;
  const deps = { store, names, records, ca, joins, codes, clock, entropy, orgId, caHash: ca.caHash, pairUrl, givenTerms };
  for (const row of await records.listOpenJoinTokens(clock.now())) showOffer(row, deps);

  async function storeOffer(input: NewOffer) {
    const id = entropy.id('join') as JoinTokenId;
    const secret = Buffer.from(entropy.bytes(JOIN_SECRET_BYTES)).toString('base64url');
    const createdAt = clock.now();
    const row = {
      id,
      orgId: input.orgId,
      ownerUserId: input.ownerUserId,
      secretHash: hashJoinSecret(secret),
      name: input.name,
      labels: input.labels ?? {},
      lending: input.lending,
      approval: input.approval ?? false,
      createdAt,
      expiresAt: createdAt + JOIN_TTL_MS,
    };
    await records.insertJoinToken(row);
    return { id, row, token: encodeJoinToken({ caHash: ca.caHash, id, secret, addresses: addresses() }) };
  }
  const local = await createLocalDevice({ store, records, clock, entropy, logger, orgId, createToken: () => storeOffer({ orgId }) });

  const stopOnline = store.onCommit(({ changes }) => {
    for (const change of changes) {
      if (change.kind !== 'put' || change.table !== 'node' || change.row.state.word !== 'online') continue;
      const id = joins.findByNode(change.row.id);
      if (id) joins.step(id, 'online');
    }
  });

  const issued = (nodeId: NodeId, leaf: Leaf): HandshakeResponse => ({
    kind: 'issued',
    nodeId,
    clusterId: cluster.clusterId,
    certificate: leaf.certificate,
    bundle: ca.bundle,
    serverAt: clock.now(),
    addresses: [...addresses()],
  });

  async function answerJoin(
    joined: Result<Joined, JoinRefusal>,
    name: string,
    { remoteAddress }: HandshakeExchange,
  ): Promise<HandshakeResponse> {
    if (joined.ok) {
      const { row, leaf, id } = joined.value;
      await local.noteJoined(id, row.id);
      logger.info({ op: 'node.join', outcome: 'ok', nodeId: row.id, tokenId: id, name: row.name, remoteAddress });
      return issued(row.id, leaf);
    }
    const { code, message, tokenId, hop, isAttack } = joined.error;
    throttle.consume(remoteAddress ?? '', REFUSALS_FROM_ONE);
    if (tokenId) joins.fail(tokenId, { hop, code, message, ...(remoteAddress === undefined ? {} : { remoteAddress }) });
    await refusals.record({ code, message: `A device was refused: ${message}.`, tokenId, remoteName: name, remoteAddress, isAttack });
    return refused('join_token_refused', message, hop);
  }

  /** @returns `undefined` when it may go on; looks without counting */
  function refuseFlood({ remoteAddress }: HandshakeExchange): HandshakeResponse | undefined {
    if (!throttle.isExhausted(remoteAddress ?? '', REFUSALS_FROM_ONE)) return undefined;
    return {
      kind: 'refused',
      code: 'too_many_requests',
      message: 'too many joins from this address were refused; wait a minute',
      retry: true,
      hop: 'token',
    };
  }

  return {
    bundle: ca.bundle,
    get refusedCount() {
      return refusals.count;
    },
    joins,
    async createOffer(input) {
      const { id, row, token } = await storeOffer(input);
      const { createdAt, expiresAt, name } = row;
      const join = joins.open({ id, orgId: input.orgId, origin: 'offer', createdAt, expiresAt, ...(name === undefined ? {} : { name }) });
      return { join, token, code: codes.create(id, expiresAt) };
    },
    async cancelOffer(id, ofOrg) {
      joins.get(id, ofOrg);
      await records.cancelJoinToken(id, clock.now());
      codes.drop(id);
      joins.end(id, 'cancelled');
    },
    openRequest(code, from, ofOrg) {
      const found = codes.find(code, from);
      if (found.kind === 'tooMany')
        throw new CloudlessError(
          'too_many_requests',
          'Too many wrong codes were typed. Wait, or join the device by the command with the token.',
          saying('tooManyCodes', { retryAfterS: Math.ceil(found.retryAfterMs / 1000) }),
        );
      const record = found.kind === 'found' ? joins.find(found.id) : undefined;
      if (record?.orgId !== ofOrg || record.join.origin !== 'request')
        throw new CloudlessError('join_code_wrong', 'No device that waits shows this code.', saying('joinCodeWrong', {}));
      joins.reveal(record.join.id);
      return joins.get(record.join.id, ofOrg);
    },
    approve(id, ofOrg, terms) {
      if (joins.get(id, ofOrg).origin === 'request') givenTerms.set(id, terms);
      return joins.decide(id, ofOrg, { kind: 'approved' });
    },
    deny: (id, ofOrg, wordsDiffer) => joins.decide(id, ofOrg, { kind: 'denied', wordsDiffer }),
    async handshake(request, chain, exchange) {
      if (request.protocol > LINK_PROTOCOL)
        return refused(
          'protocol_mismatch',
          `the agent speaks protocol ${request.protocol}, this coordinator ${LINK_PROTOCOL}: update the coordinator`,
          'version',
        );
      switch (request.kind) {
        case 'join':
          return refuseFlood(exchange) ?? answerJoin(await serveJoin(request, exchange, deps), request.name, exchange);
        case 'pair':
          return refuseFlood(exchange) ?? answerJoin(await servePair(request, exchange, deps), request.name, exchange);
        case 'renew': {
          const leaf = await renewByKey(request, chain, deps);
          logger.info({ op: 'node.renew', outcome: leaf.ok ? 'ok' : 'refused', nodeId: request.nodeId });
          return leaf.ok ? issued(request.nodeId, leaf.value) : refused(leaf.error.code, leaf.error.message);
        }
      }
    },
    authenticate: (chain) => authenticateNode(chain, deps),
    async renew(nodeId, csr) {
      const leaf = await renewNode(nodeId, csr, deps);
      return leaf.ok ? ok({ certificate: leaf.value.certificate, bundle: ca.bundle }) : err(leaf.error);
    },
    issueCoordinatorIdentity: () => ca.issueCoordinator(clock.now()),
    localNodeId: () => local.nodeId(),
    ensureLocalJoinToken: (file) => local.ensureToken(file),
    stop() {
      stopOnline();
      names.stop();
      joins.stop();
      local.stop();
    },
  };
}
