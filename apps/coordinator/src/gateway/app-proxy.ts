import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Store } from '@cloudless/db';
import { withDeadline, type Clock } from '@cloudless/kernel';
import { CloudlessError, type WorkloadId } from '@cloudless/proto';
import type { NodeSessions } from '../node-sessions/node-sessions.ts';
import { refuseUpgrade, sendNotice } from './answers.ts';
import { exchangeRequest, exchangeUpgrade, type Exchange } from './app-exchange.ts';
import { createReplicaBalance, explainNoReplica, listReadyReplicas, type Replica } from './replicas.ts';

/** Replicas that one request tries. */
const MAX_TRIES = 3;
/** How long a device may take to open a stream to a replica. */
const OPEN_MS = 5_000;

export type AppProxyOptions = {
  readonly store: Pick<Store, 'get' | 'allocationsOfWorkload'>;
  readonly sessions: Pick<NodeSessions, 'openStream'>;
  readonly clock: Clock;
};

export interface AppProxy {
  /** Serves a request from a ready replica, or says why there is none. */
  serve(workloadId: WorkloadId | undefined, request: IncomingMessage, response: ServerResponse): Promise<void>;
  upgrade(workloadId: WorkloadId | undefined, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
}

/** Brings requests of an app's port to its replicas over the link, whichever devices they are on. */
export function createAppProxy({ store, sessions, clock }: AppProxyOptions): AppProxy {
  const balance = createReplicaBalance();

  const openTo = ({ nodeId, allocationId, portName }: Replica): Promise<Duplex> =>
    withDeadline(clock, 'opening a stream to the replica', OPEN_MS, (signal) =>
      sessions.openStream(nodeId, { kind: 'forward', allocationId, portName }, signal),
    );

  /** Replicas in turn until one answers; the sentence that says why none did. */
  async function tryEach(workloadId: WorkloadId | undefined, exchange: (stream: Duplex) => Promise<Exchange>): Promise<string | undefined> {
    const workload = workloadId && store.get('workload', workloadId)?.row;
    if (!workload) return 'no app has this port any more';
    const replicas = balance.order(listReadyReplicas(store, workload)).slice(0, MAX_TRIES);
    if (replicas.length === 0) return explainNoReplica(store, workload);
    let why = '';
    for (const replica of replicas) {
      const end = balance.begin(replica);
      try {
        const outcome = await exchange(await openTo(replica));
        if (outcome.kind === 'answered') return undefined;
        why = `a replica of ${workload.name} did not answer: ${outcome.cause.message}`;
        if (outcome.kind === 'broken') return why;
      } catch (cause) {
        why = `the device of a replica of ${workload.name} did not answer: ${cause instanceof Error ? cause.message : String(cause)}`;
      } finally {
        end();
      }
    }
    return why;
  }

  const notReady = (why: string): CloudlessError => new CloudlessError('app_not_ready', `${why.charAt(0).toUpperCase()}${why.slice(1)}.`);

  return {
    async serve(workloadId, request, response) {
      const why = await tryEach(workloadId, (stream) => exchangeRequest(request, response, stream));
      if (why !== undefined) sendNotice(response, notReady(why), request.headers.accept, { retryAfterS: 3 });
    },
    async upgrade(workloadId, request, socket, head) {
      const why = await tryEach(workloadId, (stream) => exchangeUpgrade(request, socket, head, stream));
      if (why !== undefined) refuseUpgrade(socket, notReady(why));
    },
  };
}
