import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createAttendance,
  createPassOn,
  createPeerServer,
  watchCutOff,
  type Lease,
  type PassOn,
  type PassOnOptions,
} from '@cloudless/coordinator';
import type { Logger } from '@cloudless/kernel';
import type { Incarnation } from '../incarnation.ts';
import type { Calls } from '../people/calls.ts';
import type { Endpoint } from '../people/endpoint.ts';
import { misroute } from './misroute.ts';
import type { Plant } from '../plants.ts';
import { addressOf, type PeerNetwork, type PeerPlace } from './peer-network.ts';

/** What one of several coordinators is to the others, and to people who ask it while another leads. */
export interface Standing {
  readonly place: PeerPlace;
  readonly link: PassOn['link'];
  /** It has won the lead, and does not serve yet. */
  beginLead(): void;
  /** It answers itself from now on. Its devices are let go when it has lost the store and every other coordinator. */
  lead(endpoint: Endpoint, lease: Lease, letGo: (reason: string) => void): void;
  /** A leader that is alone serves no agents. */
  readonly isCutOff: boolean;
  stop(): void;
}

export type StandingOptions = {
  readonly name: string;
  readonly instance: string;
  readonly life: Incarnation;
  readonly logger: Logger;
  readonly network: PeerNetwork;
  readonly calls: Calls;
  readonly plant: Plant | undefined;
};

type Handlers = PassOn['routes']['main'];

const ANY_HOST: PassOnOptions['hosts'] = { loopbackOnly: true, isKnown: () => true, schemeOf: () => 'http', names: () => [] };
const NO_TELEMETRY = { contentType: '', text: () => Promise.resolve(''), begin: () => () => undefined };

/** As the API of a leader: a call that somebody has sent is run on what this coordinator knows. */
function answerCalls(calls: Calls, endpoint: Endpoint): Handlers {
  async function answer({ url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const answered = await calls.run(url ?? '', endpoint);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answered));
  }
  return {
    onRequest: (request, response) => void answer(request, response),
    onUpgrade: (_request, socket) => void socket.destroy(),
  };
}

export function createStanding({ name, instance, life, logger, network, calls, plant }: StandingOptions): Standing {
  const { clock } = life;
  const passOn = createPassOn({
    clock,
    logger,
    dialPeer: (address, signal) => network.dialPeer({ name, life }, address, signal),
    standby: () => ({ instance, version: 'simulated', address: addressOf(name), agentAddresses: [] }),
    hosts: ANY_HOST,
    telemetry: NO_TELEMETRY,
    coordinatorId: name,
    name,
  });
  const peers = createPeerServer({ logger, whoami: () => ({ coordinatorId: name, instance }) });
  let handlers = misroute(passOn.routes.main, plant);
  const front = createServer((request, response) => handlers.onRequest(request, response));
  front.on('clientError', (_cause, socket) => void socket.destroy());
  const stops: (() => void)[] = [];
  let isCutOff = (): boolean => false;

  return {
    place: {
      life,
      acceptPeer: (arrived) => peers.accept(arrived),
      acceptPerson: (connection) => void front.emit('connection', connection),
    },
    link: passOn.link,
    beginLead: () => passOn.beginLead(),
    lead(endpoint, lease, letGo) {
      passOn.stop();
      handlers = answerCalls(calls, endpoint);
      const attendance = createAttendance({ clock });
      peers.lead({ routes: { main: handlers, app: () => handlers }, attend: (...call) => attendance.serve(...call) });
      const cutOff = watchCutOff({
        clock,
        state: () => lease.state(),
        aloneSinceMs: () => attendance.aloneSinceMs,
        onCutOff: () => letGo('this coordinator reaches neither the store nor another coordinator'),
      });
      isCutOff = () => cutOff.isCutOff;
      stops.push(
        () => cutOff.stop(),
        () => attendance.stop(),
      );
    },
    get isCutOff() {
      return isCutOff();
    },
    stop() {
      passOn.stop();
      for (const stop of stops) stop();
      peers.stop();
    },
  };
}
