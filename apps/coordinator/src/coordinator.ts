import { createLifecycle, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { ID_PREFIX, type BatchId, type EventId } from '@cloudless/proto';
import type { ApiParts, ControlPlaneParts } from './parts.ts';
import type { CoordinatorConfig } from './config.ts';
import type { ControlPlane } from './control-plane/index.ts';
import type { CrashPoint } from './crash-points.ts';
import { describeCluster } from './describe-cluster.ts';
import { checkStore } from './cluster-status/check-store.ts';
import { describeStatus } from './cluster-status/describe-status.ts';
import { createEnrolment } from './enrolment/index.ts';
import { createGateway } from './gateway/gateway.ts';
import { allocateGatewayPort, canListen } from './gateway/gateway-ports.ts';
import type { ApiEndpoints } from './gateway/main-routes.ts';
import { createFileServer } from './files/serve-file.ts';
import { layGround, type Ground } from './ground.ts';
import { prepareHttps } from './https.ts';
import { readAgentFile, type AgentFile } from './install/agent-file.ts';
import { openInstaller } from './install/open-installer.ts';
import { createNodeSessions, serveAgents } from './node-sessions/index.ts';
import { createPeople } from './people/create-people.ts';
import { announce } from './reach/announce.ts';
import type { ReachKeeper } from './reach/create-reach.ts';
import { openReach } from './reach/open-reach.ts';

export type CoordinatorOptions = {
  readonly config: CoordinatorConfig;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Names and addresses of this machine as they are now. */
  readonly machine: () => { readonly hostname: string; readonly addresses: readonly string[] };
  readonly version: string;
  /** Decides and places. Without it, nothing is scheduled. */
  readonly createControlPlane?: (parts: ControlPlaneParts) => ControlPlane;
  /** Serves `/trpc` and `/api/v1`. Without it, both answer 404. */
  readonly createApi?: (parts: ApiParts) => ApiEndpoints;
  readonly crashPoint?: CrashPoint;
};

export interface Coordinator {
  /** Where this machine itself reaches it. */
  readonly url: string;
  readonly port: number;
  readonly version: string;
  isClaimed(): boolean;
  stop(): Promise<void>;
}

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
async function openDevices(ground: Ground, reach: ReachKeeper, agentFile: AgentFile | undefined) {
  const { driver, store, cluster, keyWrap, clock, entropy, logger, lifecycle, version } = ground;
  const { addresses } = reach;
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
    agentFile,
    serveFile: createFileServer({ agentFile, logger }),
  });
  const agents = lifecycle.add('agents', await serveAgents({ enrolment, sessions, clock, entropy, logger }));
  return { enrolment, sessions, agents };
}

/** Starts every part on the ground, from what decides to what listens. */
async function start(ground: Ground, options: CoordinatorOptions): Promise<Coordinator> {
  const { config, clock, entropy, logger, lifecycle, driver, store, cluster, keyWrap, telemetry, hosts, paths, crashPoint, version } =
    ground;
  let port = config.port;
  const https = await prepareHttps(ground);
  const mark = Buffer.from(entropy.bytes(24)).toString('base64url');
  const reach = lifecycle.add(
    'reach',
    openReach(ground, https, mark, () => port),
  );
  const agentFile = await readAgentFile(config.agentFile, version);
  const { enrolment, sessions, agents } = await openDevices(ground, reach, agentFile);
  const installer = openInstaller(ground, { reach, agentFile, mark, joins: enrolment.joins, webAuthority: https.authority });
  const controlPlane = options.createControlPlane?.({ store, clock, entropy, logger, counts: sessions });
  if (controlPlane) lifecycle.add('control plane', controlPlane);
  const people = lifecycle.add(
    'people',
    await createPeople({ driver, store, cluster, keyWrap, clock, entropy, logger, codeFile: paths.claimCode, crashPoint }),
  );
  const api = options.createApi?.({
    store,
    driver,
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
    allocateGatewayPort: () => allocateGatewayPort(store, config.appPorts, (appPort) => canListen(appPort, config.host)),
    describeCluster: describeCluster(ground, { deviceBundle: enrolment.bundle, webCaFingerprint: https.fingerprint, port: () => port }),
    describeStatus: describeStatus(ground),
    checkStore: checkStore({ clock, entropy, logger }),
  });
  const gateway = createGateway({
    host: config.host,
    port: config.port,
    hosts,
    certificate: https.certificate,
    webUrl: config.webUrl,
    clock,
    logger,
    store,
    sessions,
    people,
    api,
    agents,
    installer,
    telemetry,
    notReady: () => (lifecycle.signal.aborted ? ['the coordinator is stopping'] : []),
  });
  telemetry.watch({
    store,
    countSessions: () => [...store.list('node')].filter(({ row }) => sessions.channels(row.id).heartbeat.connected).length,
    countLiveConnections: () => gateway.liveConnections,
  });
  if (config.localAgent) await enrolment.ensureLocalJoinToken(paths.joinToken);
  lifecycle.add('gateway', gateway);
  // Stopped first: agents hear why before their sockets close.
  lifecycle.add('sessions', sessions);
  port = await gateway.start();
  https.follow(gateway);
  reach.start();
  if (!ground.hosts.loopbackOnly) lifecycle.add('announcement', announce(cluster.clusterId, port, logger));
  recordStart(ground);
  crashPoint('coordinator.beforeReady');
  return { url: `http://127.0.0.1:${port}`, port, version, isClaimed: () => people.isClaimed(), stop: () => lifecycle.stop() };
}

/**
 * The whole coordinator on real ports. What started is stopped again when a later part fails.
 *
 * @throws CloudlessError `config_invalid`, `port_taken`, `store_unavailable`
 */
export async function createCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const lifecycle = createLifecycle();
  try {
    return await start(await layGround(options, lifecycle), options);
  } catch (error) {
    await lifecycle.stop().catch((cause: unknown) => options.logger.error({ op: 'coordinator.start', outcome: 'failed' }, cause));
    throw error;
  }
}
