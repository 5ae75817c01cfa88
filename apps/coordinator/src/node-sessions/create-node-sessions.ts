import type { Duplex } from 'node:stream';
import type { Store } from '@cloudless/db';
import { unreachable, withDeadline, type Clock, type Entropy, type Logger, type Result } from '@cloudless/kernel';
import {
  CloudlessError,
  LOST_AFTER_MS,
  type AgentMessage,
  type AllocationId,
  type BatchId,
  type EventId,
  type NodeId,
} from '@cloudless/proto';
import { StreamReset, type CoordinatorLink } from '@cloudless/transport';
import type { ServeFile } from '../files/serve-file.ts';
import type { AgentFile } from '../install/agent-file.ts';
import { startAgentUpdates } from './agent-updates.ts';
import { halfOpenMs, heartbeatMs } from './allowed-silence.ts';
import { changesByNode } from './assignments.ts';
import { createDepartures } from './departures.ts';
import type { CrashPoint } from '../crash-points.ts';
import { createLeaseGranter } from './lease-granter.ts';
import { createLivenessWatch } from './liveness-watch.ts';
import { createNodeWriter } from './node-writer.ts';
import type { NodeSessions, UsageSample } from './node-sessions.ts';
import { createPresence, measurePath, measurePaths, noteHeard, silenceLimitOf, viewChannel, type Presence } from './presence.ts';
import { createReportWriter } from './report-writer.ts';
import { createSession, type Authority, type Session } from './session.ts';

/** How long a device may take to answer the opening of a stream. */
const OPEN_STREAM_MS = 5000;
/** How long an older session of the same identity may take to show that it lives. */
const OLD_SESSION_MS = 700;
/** A copied identity knocks every few seconds: one event for it in so long. */
const ALERT_EVERY_MS = 600_000;

export type NodeSessionsOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly authority: Authority;
  readonly coordinatorVersion: string;
  /** Signs for a device in its session. */
  readonly renew: (
    nodeId: NodeId,
    csr: string,
  ) => Promise<Result<{ readonly certificate: string; readonly bundle: string }, { readonly code: string; readonly message: string }>>;
  /** Where devices may find this coordinator, told at each welcome. */
  readonly addresses?: () => readonly string[];
  /** Answers the streams that devices open; refused when absent. */
  readonly serveFile?: ServeFile;
  /** Time in ms since this coordinator led for certain, from which the leases that it grants count. Always 0, when absent. */
  readonly leadAgeMs?: () => number;
  readonly crashPoint?: CrashPoint;
  /** What devices should run; they are left as they are when absent. */
  readonly agentFile?: AgentFile | undefined;
  /** Whether they may be given it now. Always, when absent. */
  readonly mayUpdate?: () => boolean;
  /** Silence after which a device is called lost. Default 60 s. When its replicas are replaced, each app says. */
  readonly lostAfterMs?: number;
};

/** The port, and the door by which links come in. */
export interface NodeSessionsServer extends NodeSessions {
  /** A link of an authenticated device. Resolves when it has a session or was refused. */
  accept(link: CoordinatorLink, nodeId: NodeId): Promise<void>;
  /** Silence of a device as it counts against it, in ms of boot time. */
  silentMs(nodeId: NodeId): number | undefined;
  /** Of an exclusive allocation: time until it has surely ended if nobody renews its lease. */
  leaseLeftMs(allocationId: AllocationId): number;
  /** Closes every session, so that agents look for another coordinator. They may come back. */
  letGo(reason: string): void;
  /** Coordinators came or went: tells agents where to look. */
  tellAddresses(): void;
  /** Resolves when all that agents said is in the store. */
  settled(): Promise<void>;
}

export function createNodeSessions(options: NodeSessionsOptions): NodeSessionsServer {
  const { store, clock, entropy, logger, authority } = options;
  const presences = new Map<NodeId, Presence>();
  const sessions = new Map<NodeId, Session>();
  /** Those whose queue was full. */
  const heldBack = new Set<NodeId>();
  const usageListeners = new Set<(sample: UsageSample) => void>();
  const reports = createReportWriter({
    store,
    clock,
    entropy,
    logger,
    onWritten(nodeId) {
      const presence = presences.get(nodeId);
      if (!presence?.isReturning) return;
      presence.isReturning = false;
      watch.check(nodeId);
    },
  });
  const nodes = createNodeWriter({ store, clock, entropy, logger });
  const leases = createLeaseGranter({ store, clock, leadAgeMs: options.leadAgeMs ?? (() => 0), crashPoint: options.crashPoint });
  const departures = createDepartures({
    store,
    clock,
    entropy,
    logger,
    onEmpty: (nodeId) => void sessions.get(nodeId)?.link.send({ kind: 'departed', ...authority }),
  });
  let isStopped = false;

  function presenceOf(nodeId: NodeId): Presence {
    let presence = presences.get(nodeId);
    if (!presence) presences.set(nodeId, (presence = createPresence(nodeId, clock.bootMs())));
    return presence;
  }

  const watch = createLivenessWatch({
    store,
    clock,
    nodes,
    presenceOf,
    presences,
    lostAfterMs: options.lostAfterMs ?? LOST_AFTER_MS,
    // Each in its own time: five thousand at once would hold up everything else.
    onLook(presence) {
      measurePaths(presence, clock);
      closeHalfOpen(presence);
    },
    onTick() {
      for (const nodeId of heldBack) if (!sessions.get(nodeId)?.retry()) heldBack.delete(nodeId);
    },
  });

  const stopListening = store.onCommit(({ revision, changes }) => {
    for (const [nodeId, own] of changesByNode(changes)) sessions.get(nodeId)?.committed(revision, own);
    for (const change of changes) {
      if (change.kind === 'event') continue;
      if (change.table === 'allocation') departures.check(change.kind === 'put' ? change.row.nodeId : change.before.nodeId);
      if (change.table !== 'node') continue;
      noteNode(change.kind === 'put' ? change.row.id : change.before.id);
      if (change.kind === 'remove') forget(change.before.id, 'the device was removed from the cluster');
      else if (change.row.revokedAt !== undefined) forget(change.row.id, 'the device was removed from the cluster');
    }
  });

  /** The network forgot it, or the device sleeps: nobody else would close it before TCP does, after a quarter of an hour. */
  function closeHalfOpen(presence: Presence): void {
    const { link } = presence;
    const silentMs = watch.silentMs(presence.nodeId) ?? 0;
    if (!link || silentMs <= halfOpenMs(silenceLimitOf(presence))) return;
    link.close({ code: 'timeout', message: `nothing was heard of the device for ${Math.round(silentMs / 1000)} s`, retry: true });
  }

  /** Its row changed: what it lends, whether it leaves. */
  function noteNode(nodeId: NodeId): void {
    sessions.get(nodeId)?.tellLending();
    watch.check(nodeId);
    departures.check(nodeId);
  }

  function forget(nodeId: NodeId, message: string): void {
    sessions.get(nodeId)?.link.close({ code: 'revoked', message, retry: false });
    presences.delete(nodeId);
  }

  function takeMessage(presence: Presence, link: CoordinatorLink, message: Exclude<AgentMessage, { kind: 'hello' | 'resync' }>): void {
    switch (message.kind) {
      case 'heartbeat': {
        const granted = message.leases ? leases.grant(presence.nodeId, message.leases) : [];
        link.send({ kind: 'heartbeatAck', sequence: message.sequence, ...(granted.length > 0 ? { leases: [...granted] } : {}) });
        if (!message.usage) return;
        presence.usage.add(message.usage, clock.now());
        const sample = { nodeId: presence.nodeId, usage: message.usage, allocations: message.allocations };
        for (const listener of usageListeners) listener(sample);
        return;
      }
      case 'report':
        return reports.take(presence.nodeId, message.reports);
      case 'fingerprint':
        presence.fingerprint = message.fingerprint;
        return watch.check(presence.nodeId);
      case 'leave':
        if (message.why === 'sleep') {
          presence.sleeps = 'said';
          return link.close({ code: 'left', message: 'the device goes to sleep', retry: true });
        }
        // Nothing is heard of a link once another of the device was let in: no lease that came later can be meant.
        if (message.released) leases.release(presence.nodeId, message.released);
        presence.hasLeft = message.why ?? 'goodbye';
        watch.check(presence.nodeId);
        if (message.why) return link.close({ code: 'left', message: 'the device is shut down', retry: true });
        return link.close({ code: 'left', message: 'the device said goodbye', retry: false });
      case 'depart':
        logger.info({ op: 'node.depart', nodeId: presence.nodeId, reason: message.reason });
        return departures.begin(presence.nodeId);
      case 'renew':
        return void renew(presence.nodeId, link, message.csr);
      default:
        return unreachable(message);
    }
  }

  async function renew(nodeId: NodeId, link: CoordinatorLink, csr: string): Promise<void> {
    try {
      const renewed = await options.renew(nodeId, csr);
      if (renewed.ok) link.send({ kind: 'issued', ...renewed.value });
      else link.send({ kind: 'refused', code: renewed.error.code, message: renewed.error.message, retry: false });
    } catch (cause) {
      // It asks again: a certificate is renewed at half its life.
      logger.warn({ op: 'certificate.renew', outcome: 'failed', nodeId }, cause);
    }
  }

  function start(link: CoordinatorLink, nodeId: NodeId): void {
    const presence = presenceOf(nodeId);
    const session = createSession({
      link,
      nodeId,
      authority,
      store,
      clock,
      logger,
      coordinatorVersion: options.coordinatorVersion,
      addresses: options.addresses ?? (() => []),
      heartbeatMs: () => presence.beatMs,
      events: {
        heard: () => noteHeard(presence, link, clock),
        bulkStands: () => measurePath(presence, link, 'bulk', clock),
        copied: () => void alertTwice(nodeId),
        heldBack: () => void heldBack.add(nodeId),
        hello(hello) {
          presence.link = link;
          presence.closedAtMs = undefined;
          presence.hasLeft = undefined;
          presence.sleeps = undefined;
          presence.fingerprint = hello.fingerprint;
          presence.beatMs = heartbeatMs(hello.fingerprint);
          presence.missed = undefined;
          reports.take(nodeId, hello.allocations);
          presence.isReturning = reports.isWaiting(nodeId);
          presence.measureAtMs = clock.bootMs();
          presence.bulkAtMs = undefined;
          measurePaths(presence, clock);
          watch.check(nodeId);
          logger.info({
            op: 'session.open',
            outcome: 'ok',
            nodeId,
            agentVersion: hello.agentVersion,
            allocations: hello.allocations.length,
          });
        },
        message: (message) => takeMessage(presence, link, message),
      },
    });
    sessions.set(nodeId, session);
    const { serveFile } = options;
    if (serveFile) link.onStream((incoming) => serveFile(incoming, nodeId));
    void link.closed.then(({ code, message, by }) => {
      logger.info({ op: 'session.close', nodeId, code, by, reason: message });
      if (sessions.get(nodeId) !== session) return;
      sessions.delete(nodeId);
      presence.link = undefined;
      presence.closedAtMs = clock.bootMs();
      if (by === 'peer' && code === 'closed' && sleepsNowAndThen(presence)) presence.sleeps ??= 'guessed';
      watch.check(nodeId);
    });
  }

  /** Whether an older session of this identity answers: then two machines hold one identity. */
  async function isAlive(session: Session): Promise<boolean> {
    try {
      await withDeadline(clock, 'asking the older session', OLD_SESSION_MS, () => session.link.probe('control'));
      return !session.link.signal.aborted;
    } catch {
      return false;
    }
  }

  async function alertTwice(nodeId: NodeId): Promise<void> {
    const row = store.get('node', nodeId)?.row;
    const presence = presenceOf(nodeId);
    if (!row || clock.bootMs() - (presence.alertedAtMs ?? -Infinity) < ALERT_EVERY_MS) return;
    presence.alertedAtMs = clock.bootMs();
    const message = `Another machine showed the identity of ${row.name} and was refused. If a data folder was copied, remove the copy and join that machine with its own token.`;
    logger.error({ op: 'session.open', outcome: 'refused', nodeId, code: 'identity_in_use' });
    const event = {
      id: entropy.id('ev') as EventId,
      at: clock.now(),
      kind: 'node.identityCopied',
      severity: 'error',
      orgId: row.orgId,
      nodeId,
      actor: { kind: 'node', id: nodeId, name: row.name },
      params: { name: row.name, code: 'identity_in_use' },
      message,
    } as const;
    try {
      await store.commit({ id: entropy.id('batch') as BatchId, mutations: [{ kind: 'event', event }] });
    } catch (cause) {
      logger.warn({ op: 'session.alert', outcome: 'failed', nodeId }, cause);
    }
  }

  async function accept(link: CoordinatorLink, nodeId: NodeId): Promise<void> {
    const row = store.get('node', nodeId)?.row;
    if (isStopped) return link.close({ code: 'closed', message: 'the coordinator stops', retry: true });
    if (!row || row.revokedAt !== undefined)
      return link.close({ code: 'revoked', message: 'the device is not of this cluster any more', retry: false });
    const older = sessions.get(nodeId);
    if (older && (await isAlive(older))) {
      link.close({ code: 'refused', message: 'this identity is in use on another machine; join with a token of its own', retry: true });
      return alertTwice(nodeId);
    }
    const current = sessions.get(nodeId);
    // Two that came while the older was asked: the first of them has the session now.
    if (current && current !== older)
      return link.close({ code: 'refused', message: 'another connection of this device was faster', retry: true });
    current?.link.close({ code: 'replaced', message: 'a newer connection of this device took over', retry: true });
    if (!link.signal.aborted) start(link, nodeId);
  }

  async function openStream(nodeId: NodeId, header: Parameters<NodeSessions['openStream']>[1], signal?: AbortSignal): Promise<Duplex> {
    const link = presences.get(nodeId)?.link;
    if (!link) throw unreachableNode(nodeId, 'it is not connected');
    try {
      return await withDeadline(clock, 'opening a stream', OPEN_STREAM_MS, (inner) => link.openStream(header, inner), signal);
    } catch (cause) {
      signal?.throwIfAborted();
      const said = cause instanceof StreamReset || cause instanceof Error ? cause.message : 'it did not answer';
      const why =
        link.stands('bulk') || link.signal.aborted ? said : `its second connection, which carries streams, does not stand (${said})`;
      throw unreachableNode(nodeId, why, cause);
    }
  }

  const unreachableNode = (nodeId: NodeId, why: string, cause?: unknown): CloudlessError => {
    const name = store.get('node', nodeId)?.row.name ?? nodeId;
    return new CloudlessError(
      'node_unreachable',
      `A stream to ${name} could not be opened: ${why}. Check that it is awake and online, then try again.`,
      { cause },
    );
  };

  const { agentFile } = options;
  const updates = agentFile
    ? startAgentUpdates({
        store,
        clock,
        entropy,
        logger,
        agentFile,
        mayOffer: options.mayUpdate ?? (() => true),
        offer: (nodeId, update) => sessions.get(nodeId)?.offerUpdate(update) ?? false,
      })
    : undefined;

  return {
    accept,
    channels: (nodeId) => ({
      heartbeat: viewChannel(presences.get(nodeId), 'control'),
      command: viewChannel(presences.get(nodeId), 'bulk'),
    }),
    usage: (nodeId) => presences.get(nodeId)?.usage.list() ?? [],
    lastUsage: (nodeId) => presences.get(nodeId)?.usage.last,
    onUsage(listener) {
      usageListeners.add(listener);
      return () => usageListeners.delete(listener);
    },
    openStream,
    silentMs: (nodeId) => watch.silentMs(nodeId),
    leaseLeftMs: (allocationId) => leases.leftMs(allocationId),
    letGo(reason) {
      for (const { link } of sessions.values()) link.close({ code: 'closed', message: reason, retry: true });
    },
    tellAddresses() {
      for (const session of sessions.values()) session.tellAddresses();
    },
    disconnect: (nodeId, reason) => sessions.get(nodeId)?.link.close({ code: 'revoked', message: reason, retry: false }),
    async settled() {
      await reports.settled();
      await nodes.settled();
      await departures.settled();
    },
    async stop() {
      isStopped = true;
      stopListening();
      watch.stop();
      leases.stop();
      updates?.stop();
      for (const { link } of sessions.values()) link.close({ code: 'closed', message: 'the coordinator stops', retry: true });
      reports.stop();
      await reports.settled();
      await nodes.settled();
      await departures.settled();
    },
  };
}

/** On battery, or a phone: closing its lid ends its agent's link in order. */
const sleepsNowAndThen = ({ fingerprint }: Presence): boolean =>
  fingerprint?.power.source === 'battery' || fingerprint?.link.type === 'mobile';
