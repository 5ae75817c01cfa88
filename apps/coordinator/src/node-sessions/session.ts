import { unreachable, type Clock, type Logger } from '@cloudless/kernel';
import {
  CloudlessError,
  LINK_PROTOCOL,
  type AgentMessage,
  type AssignmentChange,
  type ClusterId,
  type NodeId,
  type NodeRow,
} from '@cloudless/proto';
import type { Store } from '@cloudless/db';
import type { CoordinatorLink } from '@cloudless/transport';
import { changeForAgent, forAgent, ruleForAgent, toAssignment } from './assignments.ts';

/** Who speaks for the cluster; goes with every message that an agent obeys. */
export type Authority = { readonly clusterId: ClusterId; readonly epoch: number; readonly token: number };

/** Protocol since which agents know the messages `addresses`, `lending`, `update` and `departed`. */
const LENDING_SINCE = 2;
/** From the link to the hello. */
const HELLO_DEADLINE_MS = 10_000;
/** A consumer that takes nothing for so long is let go; it comes back and gets everything anew. */
const STUCK_MS = 30_000;

export type Hello = Extract<AgentMessage, { kind: 'hello' }>;
export type SessionEvents = {
  hello(hello: Hello): void;
  /** Anything came. */
  heard(): void;
  /** Its bulk path stands: streams can be opened. */
  bulkStands(): void;
  /** Another machine than the one that joined shows this identity. */
  copied(): void;
  /** Its queue was full: `retry` is to be called now and then. */
  heldBack(): void;
  message(message: Exclude<AgentMessage, { kind: 'hello' | 'resync' }>): void;
};

export type SessionOptions = {
  readonly link: CoordinatorLink;
  readonly nodeId: NodeId;
  readonly authority: Authority;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly coordinatorVersion: string;
  readonly addresses: () => readonly string[];
  /** How often it is to speak; asked after `events.hello`. */
  readonly heartbeatMs: () => number;
  readonly events: SessionEvents;
};

/** One agent's conversation: hello, welcome, everything it should hold, then each change, chained by the store's revision. */
export interface Session {
  readonly link: CoordinatorLink;
  /** A batch was committed; `changes` are this node's, and may be empty. */
  committed(revision: number, changes: readonly AssignmentChange[]): void;
  /** Sends the owner's rule when it is not what the agent was told last. */
  tellLending(): void;
  /** Sends where coordinators are. */
  tellAddresses(): void;
  /** A newer agent is there. `false`: this agent does not know the message, or the queue is full. */
  offerUpdate(update: { readonly version: string; readonly sha256: string; readonly bytes: number }): boolean;
  /** Sends what a full queue held back. @returns whether it still does */
  retry(): boolean;
}

export function createSession(options: SessionOptions): Session {
  const { link, nodeId, authority, store, clock, logger, events } = options;
  /** Revision of the last message sent; absent before the first COMPLETE. */
  let revision: number | undefined;
  let isGreeted = false;
  /** What the agent's hello allows; nothing is sent that it would not know. */
  let knowsLending = false;
  let protocol = LINK_PROTOCOL;
  let toldRule: string | undefined;
  /** Set when the queue was full: only a new COMPLETE tells the agent what it missed. */
  let stuckSinceMs: number | undefined;

  const helloTimer = clock.setTimer(HELLO_DEADLINE_MS, () =>
    link.close({ code: 'timeout', message: 'no hello came in time', retry: true }),
  );
  void link.closed.then(() => helloTimer.cancel());

  function holdBack(): void {
    stuckSinceMs ??= clock.bootMs();
    events.heldBack();
  }

  function guarded(send: () => boolean): boolean {
    try {
      return send();
    } catch (cause) {
      const code = cause instanceof CloudlessError && cause.code === 'too_large' ? 'oversized' : 'malformed';
      logger.error({ op: 'session.send', outcome: 'failed', nodeId, code }, cause);
      link.close({ code, message: 'What this device should hold does not fit into one message.', retry: true });
      return true;
    }
  }

  function sendComplete(): void {
    if (link.signal.aborted) return;
    const assignments = store.allocationsOfNode(nodeId).map(({ row }) => forAgent(toAssignment(row), protocol));
    const at = store.revision;
    if (guarded(() => link.send({ kind: 'complete', ...authority, revision: at, assignments }))) {
      revision = at;
      stuckSinceMs = undefined;
    } else holdBack();
  }

  function tellLending(): void {
    if (!knowsLending || link.signal.aborted) return;
    const rule = ruleForAgent(store.get('node', nodeId)?.row.lending ?? {}, protocol);
    const text = JSON.stringify(rule);
    if (text === toldRule) return;
    if (guarded(() => link.send({ kind: 'lending', ...authority, rule }))) toldRule = text;
  }

  function tellAddresses(): void {
    const addresses = options.addresses();
    if (knowsLending && addresses.length > 0 && !link.signal.aborted) link.send({ kind: 'addresses', addresses: [...addresses] });
  }

  function takeHello(hello: Hello): void {
    if (isGreeted) return link.close({ code: 'malformed', message: 'a second hello came in one session', retry: true });
    const isCopy = isOfAnotherMachine(hello, store.get('node', nodeId)?.row);
    if (isCopy) events.copied();
    const problem = isCopy ? COPIED : checkHello(hello, nodeId, authority);
    if (problem !== undefined) {
      link.send({ kind: 'refused', code: 'certificate_refused', message: problem, retry: false });
      return link.close({ code: 'refused', message: problem, retry: false });
    }
    isGreeted = true;
    helloTimer.cancel();
    events.hello(hello);
    protocol = Math.min(hello.protocol, LINK_PROTOCOL);
    link.send({
      kind: 'welcome',
      protocol,
      ...authority,
      serverAt: clock.now(),
      heartbeatMs: options.heartbeatMs(),
      coordinatorVersion: options.coordinatorVersion,
    });
    knowsLending = protocol >= LENDING_SINCE;
    // Before what it should hold: an agent that lost its state starts nothing that its owner does not lend.
    tellLending();
    sendComplete();
    tellAddresses();
    // Not before it was told what to hold: of two handshakes a device, those that are urgent come first.
    void link.bringBulk().then(events.bulkStands, () => undefined);
  }

  link.onMessage((message) => {
    events.heard();
    if (message.kind === 'hello') return takeHello(message);
    if (!isGreeted) return link.close({ code: 'malformed', message: `a ${message.kind} came before the hello`, retry: true });
    switch (message.kind) {
      case 'resync':
        logger.info({ op: 'session.resync', nodeId, reason: message.reason });
        return sendComplete();
      case 'heartbeat':
      case 'report':
      case 'fingerprint':
      case 'leave':
      case 'depart':
      case 'renew':
        return events.message(message);
      default:
        return unreachable(message);
    }
  });

  return {
    link,
    tellLending,
    tellAddresses,
    offerUpdate: (update) => knowsLending && link.send({ kind: 'update', ...authority, ...update }),
    committed(resultsIn, changes) {
      // A COMPLETE that was sent meanwhile holds this batch already.
      if (revision === undefined || stuckSinceMs !== undefined || changes.length === 0 || resultsIn <= revision || link.signal.aborted)
        return;
      const appliesTo = revision;
      const told = changes.map((change) => changeForAgent(change, protocol));
      if (guarded(() => link.send({ kind: 'incremental', ...authority, appliesTo, resultsIn, changes: told }))) revision = resultsIn;
      else holdBack();
    },
    retry() {
      if (stuckSinceMs === undefined) return false;
      if (clock.bootMs() - stuckSinceMs > STUCK_MS)
        link.close({ code: 'overloaded', message: `the device took nothing for ${STUCK_MS / 1000} s`, retry: true });
      else sendComplete();
      return stuckSinceMs !== undefined;
    },
  };
}

const COPIED =
  'this identity belongs to another machine: its data folder was copied. Remove the copy, and join this machine with a token of its own';

/** Machines that tell no id are not told apart. */
function isOfAnotherMachine({ fingerprint }: Hello, row: NodeRow | undefined): boolean {
  const joined = row?.fingerprint?.machineHash;
  return joined !== undefined && fingerprint.machineHash !== undefined && fingerprint.machineHash !== joined;
}

function checkHello(hello: Hello, nodeId: NodeId, authority: Authority): string | undefined {
  if (hello.nodeId !== nodeId) return 'the hello names another device than the certificate';
  if (hello.clusterId !== authority.clusterId) return 'the device belongs to another cluster';
  if (hello.protocol < LINK_PROTOCOL - 1)
    return `the agent speaks protocol ${hello.protocol}, this coordinator ${LINK_PROTOCOL}: update the agent`;
  return undefined;
}
