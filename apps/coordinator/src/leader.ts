import type { CoordinatorOptions } from './coordinator.ts';
import { readTableSizes } from '@cloudless/db';
import { CloudlessError, ID_PREFIX, type BatchId, type EventId } from '@cloudless/proto';
import { openBackups } from './backup/open-backups.ts';
import { describeCluster } from './describe-cluster.ts';
import { checkStore } from './cluster-status/check-store.ts';
import { describeStatus } from './cluster-status/describe-status.ts';
import { createEnrolment } from './enrolment/index.ts';
import { createForgetNodes } from './forget-nodes.ts';
import { createGateway } from './gateway/gateway.ts';
import { allocateGatewayPort, canListen } from './gateway/gateway-ports.ts';
import type { AgentSockets } from './gateway/main-routes.ts';
import { createFileServer } from './files/serve-file.ts';
import { createFront, type Front } from './gateway/front.ts';
import { MAIN_PORT_LIMITS } from './gateway/limits.ts';
import { type Base, type Ground } from './ground.ts';
import { stalenessOf, type Lead } from './lead.ts';
import { watchCutOff } from './leadership/cut-off.ts';
import { leaseAgeMs, watchSoleLead } from './leadership/index.ts';
import { prepareHttps } from './https.ts';
import { readAgentFile, type AgentFile } from './install/agent-file.ts';
import { openInstaller } from './install/open-installer.ts';
import { createNodeSessions, serveAgents, type AgentDoor, type NodeSessionsServer } from './node-sessions/index.ts';
import { createPeople } from './people/create-people.ts';
import { tellLargeTables } from './tell-large-tables.ts';
import { announce } from './reach/announce.ts';
import type { ReachKeeper } from './reach/create-reach.ts';
import { openReach } from './reach/open-reach.ts';

function recordStart({ store, clock, entropy, cluster, logger, version }: Ground): void {
  const event = {
    id: entropy.id(ID_PREFIX.event) as EventId,
    at: clock.now(),
    kind: 'cluster.started',
    severity: 'info',
    orgId: cluster.orgId,
    actor: { kind: 'system', name: 'coordinator' },
    params: { version },
    message: `The coordinator started (version ${version})`,
  } as const;
  store
    .commit({ id: entropy.id(ID_PREFIX.batch) as BatchId, mutations: [{ kind: 'event', event }] })
    .catch((cause: unknown) => logger.warn({ op: 'coordinator.start', outcome: 'failed' }, cause));
}

/** Who devices are, and their sessions. */
async function openDevices(ground: Ground, reach: ReachKeeper, agentFile: AgentFile | undefined, lead: Lead) {
  const addresses = () => withStandbys(reach.addresses(), lead);
  const { driver, store, cluster, keyWrap, clock, entropy, logger, lifecycle, version, crashPoint } = ground;
  const pairUrl = (code: string): string => `${reach.base().url}/pair#${code}`;
  const enrolment = lifecycle.add(
    'enrolment',
    await createEnrolment({ driver, store, cluster, keyWrap, clock, entropy, logger, addresses, pairUrl }),
  );
  const sessions = createNodeSessions({
    store,
    clock,
    entropy,
    logger,
    authority: { clusterId: cluster.clusterId, epoch: cluster.epoch, token: cluster.token },
    coordinatorVersion: version,
    renew: (nodeId, csr) => enrolment.renew(nodeId, csr),
    addresses,
    crashPoint,
    leadAgeMs: ageOf(lead, ground),
    agentFile,
    // A standby of another release may have to lead tomorrow, and serves agents of its own and the one before.
    mayUpdate: () => lead.kind === 'sole' || lead.peers.attendance.list().every((standby) => standby.version === version),
    serveFile: createFileServer({ agentFile, logger }),
  });
  const agents = lifecycle.add('agents', await serveAgents({ enrolment, sessions, clock, entropy, logger }));
  return { enrolment, sessions, agents };
}

/** A grant must not outlast what a successor allows for, which counts from its takeover. */
function ageOf(lead: Lead, { driver, store, cluster, clock, lifecycle }: Ground): () => number {
  if (lead.kind === 'leased') return () => leaseAgeMs(lead.lease);
  const sole = lifecycle.add('lead', watchSoleLead({ driver, store, clock, token: cluster.token }));
  return () => sole.ageMs();
}

/** Told to agents at most: a list that grows with every coordinator would grow without end. */
const MAX_ADDRESSES = 16;

/** The leader's own addresses, then those of its standbys, which pass agents on. */
const withStandbys = (own: readonly string[], lead: Lead): readonly string[] =>
  lead.kind === 'sole'
    ? own
    : [...new Set([...own, ...lead.peers.attendance.list().flatMap(({ agentAddresses }) => agentAddresses)])].slice(0, MAX_ADDRESSES);

/** Agents of a leader that is alone are sent to look for another. */
function lookElsewhere(
  { lease, peers }: Extract<Lead, { kind: 'leased' }>,
  sessions: Pick<NodeSessionsServer, 'letGo' | 'tellAddresses'>,
  agents: AgentDoor,
  { clock, lifecycle, logger }: Ground,
): AgentSockets {
  const alone = 'this coordinator reaches neither the store nor another coordinator';
  const cutOff = lifecycle.add(
    'cut-off',
    watchCutOff({
      clock,
      state: () => lease.state(),
      aloneSinceMs: () => peers.attendance.aloneSinceMs,
      onCutOff() {
        logger.warn({ op: 'leadership.cutOff', token: lease.token });
        sessions.letGo(alone);
      },
    }),
  );
  // One that left is still a place to look: only those who come are news.
  peers.attendance.onChange(() => sessions.tellAddresses());
  return {
    acceptUpgrade: (upgrade) => agents.acceptUpgrade(upgrade),
    refusal: () => (cutOff.isCutOff ? new CloudlessError('no_leader', `Agents are not served: ${alone}.`) : undefined),
  };
}

/** A leader's parts, started. */
export type Led = {
  readonly port: number;
  isClaimed(): boolean;
  /** Refuses changes from here on. Resolves when those that were taken are stored. */
  takeNoMore(): Promise<void>;
};

/** Starts every part of a leader on the ground, from what decides to what answers. */
export async function startLeader(ground: Ground, front: Front, options: CoordinatorOptions): Promise<Led> {
  const { config, clock, entropy, logger, lifecycle, driver, store, cluster, keyWrap, telemetry, hosts, paths, crashPoint, lead, version } =
    ground;
  let port = config.port;
  const https = await prepareHttps(ground);
  const mark = Buffer.from(entropy.bytes(24)).toString('base64url');
  const reach = lifecycle.add(
    'reach',
    openReach(ground, https, mark, () => port),
  );
  const staleness = stalenessOf(lead);
  const agentFile = await readAgentFile(config.agentFile, version);
  const { enrolment, sessions, agents } = await openDevices(ground, reach, agentFile, lead);
  const installer = openInstaller(ground, { reach, agentFile, mark, joins: enrolment.joins, webAuthority: https.authority });
  const controlPlane = options.createControlPlane?.({ store, clock, entropy, logger, counts: sessions });
  if (controlPlane) lifecycle.add('control plane', controlPlane);
  lifecycle.add('forgetting', createForgetNodes({ store, clock, entropy, logger }));
  lifecycle.add('table sizes', tellLargeTables({ store, clock, entropy, logger, orgId: cluster.orgId }));
  const people = lifecycle.add(
    'people',
    await createPeople({ driver, store, cluster, keyWrap, clock, entropy, logger, codeFile: paths.claimCode, crashPoint }),
  );
  const backups = lifecycle.add('backups', openBackups(ground));
  const api = options.createApi?.({
    store,
    driver,
    version,
    cluster,
    people,
    sessions,
    enrolment,
    reach,
    installer,
    clock,
    entropy,
    logger,
    unplacedOf: (workloadId) => controlPlane?.unplacedOf(workloadId) ?? [],
    onExplained: (listener) => controlPlane?.onExplained(listener) ?? (() => undefined),
    deploy: (batch) => controlPlane?.deploy(batch) ?? store.commit(batch),
    allocateGatewayPort: () => allocateGatewayPort(store, config.appPorts, (appPort) => canListen(appPort, config.host)),
    describeCluster: describeCluster(ground, {
      staleness,
      deviceBundle: enrolment.bundle,
      webCaFingerprint: https.fingerprint,
      port: () => port,
    }),
    describeStatus: describeStatus(ground, backups),
    backups,
    checkStore: checkStore({ clock, entropy, logger }),
    staleness,
  });
  const gateway = createGateway({
    host: config.host,
    front,
    peers: lead.kind === 'leased' ? lead.peers : undefined,
    staleSince: () => staleness.since(),
    hosts,
    certificate: https.certificate,
    webUrl: config.webUrl,
    clock,
    logger,
    store,
    sessions,
    people,
    api,
    agents: lead.kind === 'leased' ? lookElsewhere(lead, sessions, agents, ground) : agents,
    installer,
    telemetry,
    notReady: () => (lifecycle.signal.aborted ? ['the coordinator is stopping'] : []),
  });
  telemetry.watch({
    store,
    countSessions: () => [...store.list('node')].filter(({ row }) => sessions.channels(row.id).heartbeat.connected).length,
    countLiveConnections: () => gateway.liveConnections,
    tableSizes: () => readTableSizes(driver).catch(() => []),
  });
  if (config.localAgent) await enrolment.ensureLocalJoinToken(paths.joinToken);
  lifecycle.add('gateway', gateway);
  // Stopped first: agents hear why before their sockets close.
  lifecycle.add('sessions', sessions);
  if (https.certificate) gateway.useCertificate(https.certificate);
  port = await gateway.start();
  https.follow(gateway, lifecycle.signal);
  reach.start();
  if (!ground.hosts.loopbackOnly) lifecycle.add('announcement', announce(cluster.clusterId, port, logger));
  recordStart(ground);
  crashPoint('coordinator.beforeReady');
  return { port, isClaimed: () => people.isClaimed(), takeNoMore: () => store.stop() };
}

/** The main port, not listening yet. */
export const openFront = ({ config, clock }: Base): Front =>
  createFront({ host: config.host, port: config.port, clock, limits: MAIN_PORT_LIMITS, certificate: undefined });
