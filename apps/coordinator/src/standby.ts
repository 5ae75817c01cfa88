import type { Cluster } from '@cloudless/db';
import { isCloudlessError, type CoordinatorId } from '@cloudless/proto';
import { createAppPorts } from './gateway/app-ports.ts';
import type { Front } from './gateway/front.ts';
import { APP_PORT_LIMITS } from './gateway/limits.ts';
import { createPort, type Certificate } from './gateway/port.ts';
import type { Base } from './ground.ts';
import { prepareStandbyHttps } from './https.ts';
import { readCoordinatorId } from './leadership/coordinator-id.ts';
import type { LeaderLink } from './leadership/peer/leader-link.ts';
import { createPassOn } from './leadership/peer/pass-on.ts';
import { createPeerDoor, type PeerDoor } from './leadership/peer/peer-door.ts';
import { createPeerIdentity, type PeerIdentity } from './leadership/peer/peer-identity.ts';
import { listOwnAddresses } from './reach/own-addresses.ts';

/** A coordinator that stands by: warm, and passing on what is the leader's to answer. */
export type Standing = {
  readonly coordinatorId: CoordinatorId;
  /** Of this process. */
  readonly instance: string;
  /** Where other coordinators reach it. */
  readonly addresses: readonly string[];
  readonly identity: PeerIdentity;
  readonly link: LeaderLink;
  readonly door: PeerDoor;
  /** It has won the lead, and does not serve yet. */
  beginLead(): void;
  /** Frees the ports of apps at once; the rest ends with what is in flight. The door and the identity stay. */
  stop(): Promise<void>;
};

const AGAIN_MS = 300;

/** @throws CloudlessError `config_invalid` when the master key is not the cluster's */
export async function openStandby(base: Base, { clusterId }: Cluster, front: Front): Promise<Standing> {
  const { config, clock, entropy, logger, version, lifecycle, paths, database, keyWrap, telemetry, hosts, machine } = base;
  const coordinatorId = await readCoordinatorId(paths.coordinatorId, entropy);
  const instance = entropy.id('proc');
  // Without one nobody passes anything on to it, and nobody can know that it ended.
  const address = config.coordinatorUrl?.origin;
  const identity = lifecycle.add(
    'peer identity',
    createPeerIdentity({ driver: database.driver, keyWrap, clusterId, coordinatorId, clock, entropy, logger }),
  );
  // Before it listens: a coordinator with another master key is none of this cluster's.
  await identity.load();
  let port = config.port;
  const passOn = createPassOn({
    clock,
    logger,
    dialPeer: (peerAddress, signal) => identity.dial(peerAddress, signal),
    standby: () => ({ instance, version, address: address ?? '', agentAddresses: [...listOwnAddresses({ config, hosts, port })] }),
    hosts,
    telemetry,
    coordinatorId,
    name: machine().hostname,
  });
  const { link, routes } = passOn;
  const door = lifecycle.add(
    'peer door',
    createPeerDoor({
      identity: () => identity.current(),
      bundle: () => identity.bundle(),
      judgePeer: (chain) => identity.judge(chain),
      clock,
      logger,
      whoami: () => ({ coordinatorId, instance }),
    }),
  );
  const standing = new AbortController();
  const signal = AbortSignal.any([standing.signal, lifecycle.signal]);
  let certificate: Certificate | undefined;
  const appPorts = createAppPorts<number>({
    wanted: () => new Map(link.appPorts().map((one) => [one, one])),
    onChange: (listener) => link.onAppPorts(listener),
    host: config.host,
    clock,
    logger,
    createPort: (find) => {
      const app = (): ReturnType<typeof routes.app> => routes.app(find() ?? 0);
      return createPort({
        clock,
        limits: APP_PORT_LIMITS,
        certificate,
        handlers: { onRequest: (...call) => app().onRequest(...call), onUpgrade: (...call) => app().onUpgrade(...call) },
      });
    },
  });

  /** Certificates come from authorities that the first leader makes. */
  async function becomeKnown(): Promise<void> {
    while (!signal.aborted) {
      try {
        if (await identity.load()) {
          const https = await prepareStandbyHttps(base);
          const use = (next: Certificate): void => {
            certificate = next;
            front.useCertificate(next);
            appPorts.useCertificate(next);
          };
          if (https.certificate) use(https.certificate);
          https.follow({ useCertificate: use }, signal);
          return;
        }
      } catch (cause) {
        if (isCloudlessError(cause) && cause.code === 'config_invalid') throw cause;
        logger.debug({ op: 'standby.certificates', outcome: 'failed', reason: String(cause) });
      }
      await clock.sleep(AGAIN_MS, signal).catch(() => undefined);
    }
  }

  front.use(door.before(routes.main));
  port = await front.listen();
  await appPorts.start();
  becomeKnown().catch((cause: unknown) => {
    if (!signal.aborted) logger.error({ op: 'standby.certificates', outcome: 'failed' }, cause);
  });
  let stopped: Promise<void> | undefined;
  return {
    coordinatorId,
    instance,
    addresses: address === undefined ? [] : [address],
    identity,
    link,
    door,
    beginLead: () => passOn.beginLead(),
    stop: () =>
      (stopped ??= (async () => {
        standing.abort(new Error('this coordinator stands by no more'));
        passOn.stop();
        await appPorts.stop();
      })()),
  };
}
