import { unreachable, type Timer } from '@cloudless/kernel';
import { LINK_PROTOCOL, type AllocationId, type CoordinatorMessage, type Fingerprint } from '@cloudless/proto';
import type { AgentLink, LinkClosed, LinkReason } from '@cloudless/transport';
import type { AgentIdentity } from '../state/state.ts';
import { judgeAuthority } from './judge-authority.ts';
import type { SessionDeps } from './session-ports.ts';
import { startHeartbeats, type Heartbeats } from './heartbeats.ts';

/** From dialled to welcomed. */
const WELCOME_DEADLINE_MS = 10_000;
/** Protocol since which a coordinator grants leases, and knows why a device leaves. */
const LEASES_SINCE = 3;
/** Messages that wait for the disk, at most. */
const MAX_WAITING = 1000;

type Assigned = Extract<CoordinatorMessage, { kind: 'complete' | 'incremental' }>;

type Why = 'sleep' | 'shutdown';
const REASON: Readonly<Record<Why, string>> = { sleep: 'the device goes to sleep', shutdown: 'the device is shut down' };

export interface Conversation {
  /** Resolves when the link is closed and nothing of it is left to do. */
  readonly ended: Promise<{ readonly closed: LinkClosed; readonly wasWelcomed: boolean }>;
  sendFingerprint(fingerprint: Fingerprint): void;
  /** Asks to leave the cluster. `false`: not said, there is no welcome yet. */
  depart(reason: string): boolean;
  /**
   * Says that the device sleeps or is shut down; the coordinator ends the link. `false`: nobody who would know.
   * @param released exclusive replicas that ended here and do not start again without a new lease
   */
  leave(why: Why, released?: readonly AllocationId[]): boolean;
}

/** One link's worth of session: hello with the full state, then whatever the coordinator says, one message after the other. */
export function converse(link: AgentLink, identity: AgentIdentity, fingerprint: Fingerprint, deps: SessionDeps): Conversation {
  const { held, outbox, clock, logger } = deps;
  let revision: number | undefined;
  let knowsWhy = false;
  let resyncAsked = false;
  let waiting = 0;
  let work: Promise<void> = Promise.resolve();
  let heartbeats: Heartbeats | undefined;
  /** Found after the hello was said, and before the welcome came. */
  let newer: Fingerprint | undefined;
  let renewTimer: Timer | undefined;
  const close = (code: LinkReason['code'], message: string, retry = true): void => link.close({ code, message, retry });
  const welcomeTimer = clock.setTimer(WELCOME_DEADLINE_MS, () => close('timeout', 'no welcome came in time'));

  /** Nothing is stopped by what is refused here. */
  function isRefused(message: Extract<CoordinatorMessage, { epoch: number }>): boolean {
    const why = judgeAuthority(identity.clusterId, held.authority, message);
    if (why === undefined) return false;
    logger.error({
      op: 'session.alarm',
      outcome: 'refused',
      kind: message.kind,
      clusterId: message.clusterId,
      epoch: message.epoch,
      token: message.token,
      reason: why,
    });
    close('refused', `The device refused a ${message.kind}: ${why}.`);
    return true;
  }

  async function meet(message: CoordinatorMessage): Promise<void> {
    switch (message.kind) {
      case 'welcome': {
        if (isRefused(message)) return;
        const { clusterId, epoch, token } = message;
        await held.adoptAuthority({ clusterId, epoch, token }, message.serverAt);
        return welcomed(message.heartbeatMs, message.protocol);
      }
      case 'complete':
      case 'incremental':
        return isRefused(message) ? undefined : assign(message);
      case 'heartbeatAck':
        return acknowledged(message);
      case 'issued':
        await deps.credentials.accept(message.certificate, message.bundle);
        logger.info({ op: 'certificate.renew', outcome: 'ok' });
        return planRenewal();
      case 'lending':
        if (isRefused(message)) return;
        return deps.onLending(message.rule);
      case 'addresses':
        return deps.onAddresses(message.addresses);
      case 'update':
        return isRefused(message) ? undefined : deps.onUpdate(message);
      case 'departed':
        return isRefused(message) ? undefined : deps.onDeparted();
      case 'refused':
        logger.error({ op: 'session.open', outcome: 'refused', 'error.code': message.code, reason: message.message });
        return close('refused', message.message, message.retry);
      default:
        return unreachable(message);
    }
  }

  function acknowledged({ sequence, leases }: Extract<CoordinatorMessage, { kind: 'heartbeatAck' }>): void {
    heartbeats?.acknowledged(sequence, leases);
    // Not before what is assigned is known: what was stopped for want of a coordinator must not start for a moment.
    if (revision !== undefined) deps.leases.contact();
  }

  function welcomed(heartbeatMs: number, protocol: number): void {
    welcomeTimer.cancel();
    knowsWhy = protocol >= LEASES_SINCE;
    const leases = knowsWhy ? deps.leases : undefined;
    heartbeats ??= startHeartbeats(heartbeatMs, link, { ...deps, leases });
    outbox.open((reports) => link.send({ kind: 'report', reports }));
    if (newer) link.send({ kind: 'fingerprint', fingerprint: newer });
    newer = undefined;
    planRenewal();
    deps.onWelcome();
  }

  async function assign(message: Assigned): Promise<void> {
    if (message.kind === 'incremental' && message.appliesTo !== revision) {
      if (!resyncAsked)
        link.send({
          kind: 'resync',
          reason: `the change applies to revision ${message.appliesTo}, and this device holds ${revision ?? 'none'}`,
        });
      resyncAsked = true;
      return;
    }
    const { clusterId, epoch, token } = message;
    await held.adoptAuthority({ clusterId, epoch, token });
    const touched = await held.assign(message);
    revision = message.kind === 'complete' ? message.revision : message.resultsIn;
    if (message.kind === 'complete') resyncAsked = false;
    deps.leases.contact();
    deps.leases.assigned();
    deps.onAssigned(touched);
    // A new exclusive replica waits for nothing but its lease.
    if (deps.leases.due().length > 0) heartbeats?.beat();
  }

  function planRenewal(): void {
    renewTimer?.cancel();
    const dueInMs = deps.credentials.renewDueInMs();
    if (dueInMs === undefined) return;
    // Looked at again at least daily: the wall clock may be set meanwhile.
    renewTimer = clock.setTimer(Math.min(Math.max(0, dueInMs), 86_400_000), () => {
      planRenewalRetry();
      if ((deps.credentials.renewDueInMs() ?? 1) <= 0) void renew();
    });
  }

  function planRenewalRetry(): void {
    renewTimer = clock.setTimer(60_000, planRenewal);
  }

  async function renew(): Promise<void> {
    try {
      link.send({ kind: 'renew', csr: await deps.credentials.createRequest() });
    } catch (cause) {
      logger.error({ op: 'certificate.renew', outcome: 'failed' }, cause);
    }
  }

  link.onMessage((message) => {
    // An acknowledgement waits for no disk: its age is how a half-open link is found.
    if (message.kind === 'heartbeatAck') return acknowledged(message);
    if (waiting >= MAX_WAITING) return close('overloaded', `more than ${MAX_WAITING} messages wait for the device's disk`);
    waiting += 1;
    work = work
      .then(() => (link.signal.aborted ? undefined : meet(message)))
      .catch((cause: unknown) => {
        logger.error({ op: 'session.message', outcome: 'failed', kind: message.kind }, cause);
        close('closed', 'The device could not store what it was told; it will ask again.');
      })
      .finally(() => (waiting -= 1));
  });
  link.onStream((incoming) => deps.streams.serve(incoming, link.signal));
  outbox.clear();
  const { epoch, token } = held.authority ?? { epoch: 0, token: 0 };
  const allocations = held.memories().map(({ allocationId, observed }) => ({ allocationId, observed }));
  const { nodeId, clusterId } = identity;
  link.send({
    kind: 'hello',
    protocol: LINK_PROTOCOL,
    agentVersion: deps.agentVersion,
    nodeId,
    clusterId,
    epoch,
    token,
    fingerprint,
    allocations,
  });

  const ended = link.closed.then(async (closed) => {
    welcomeTimer.cancel();
    renewTimer?.cancel();
    heartbeats?.stop();
    outbox.close();
    await work;
    return { closed, wasWelcomed: heartbeats !== undefined };
  });
  return {
    ended,
    depart: (reason) => heartbeats !== undefined && link.send({ kind: 'depart', reason }),
    // The coordinator closes when it has read it; should it not, the silence of the device does.
    leave: (why, released = []) =>
      knowsWhy && link.send({ kind: 'leave', reason: REASON[why], why, ...(released.length > 0 ? { released: [...released] } : {}) }),
    sendFingerprint(next) {
      if (heartbeats) link.send({ kind: 'fingerprint', fingerprint: next });
      else newer = next;
    },
  };
}
