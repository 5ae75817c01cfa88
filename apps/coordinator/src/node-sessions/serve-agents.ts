import type { Clock, Entropy, Logger, Timer } from '@cloudless/kernel';
import { createAgentEndpoint, type AgentUpgrade } from '@cloudless/transport/tls';
import type { Enrolment } from '../enrolment/index.ts';
import type { NodeSessionsServer } from './create-node-sessions.ts';

export interface AgentDoor {
  acceptUpgrade(upgrade: AgentUpgrade): void;
  stop(): void;
}

const RETRY_MS = 60_000;

/** Agents' connections from the gateway into their sessions. Keeps the coordinator's own certificate fresh. */
export async function serveAgents(deps: {
  readonly enrolment: Enrolment;
  readonly sessions: Pick<NodeSessionsServer, 'accept'>;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
}): Promise<AgentDoor> {
  const { enrolment, sessions, clock, logger } = deps;
  const first = await enrolment.issueCoordinatorIdentity();
  const endpoint = createAgentEndpoint({
    identity: first,
    bundle: enrolment.bundle,
    clock,
    entropy: deps.entropy,
    logger,
    authenticate: (chain) => enrolment.authenticate(chain),
    handshake: (request, chain, exchange) => enrolment.handshake(request, chain, exchange),
    onLink(link, peer) {
      sessions.accept(link, peer.nodeId).catch((cause: unknown) => {
        logger.error({ op: 'session.open', outcome: 'failed', nodeId: peer.nodeId }, cause);
        link.close({ code: 'closed', message: 'the coordinator could not open the session', retry: true });
      });
    },
  });
  let timer: Timer;
  const renewAfter = (delayMs: number): void => {
    timer = clock.setTimer(delayMs, () => void renew());
  };
  const halfLife = (notAfter: number): number => Math.max(RETRY_MS, (notAfter - clock.now()) / 2);
  async function renew(): Promise<void> {
    try {
      const next = await enrolment.issueCoordinatorIdentity();
      endpoint.setIdentity(next);
      renewAfter(halfLife(next.notAfter));
    } catch (cause) {
      logger.error({ op: 'coordinatorIdentity.renew', outcome: 'failed' }, cause);
      renewAfter(RETRY_MS);
    }
  }
  renewAfter(halfLife(first.notAfter));
  return {
    acceptUpgrade: (upgrade) => endpoint.acceptUpgrade(upgrade),
    stop() {
      timer.cancel();
      endpoint.stop();
    },
  };
}
