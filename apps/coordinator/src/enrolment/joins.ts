import type { Clock, Timer } from '@cloudless/kernel';
import {
  CloudlessError,
  saying,
  type Candidate,
  type Join,
  type JoinStep,
  type JoinTokenId,
  type NodeId,
  type OrgId,
} from '@cloudless/proto';

/** Joins kept at once; the oldest that is over goes first. */
const MAX_JOINS = 500;
/** How long one that is over is still shown. */
const KEPT_MS = 15 * 60_000;
const MAX_STEPS = 16;
const MAX_FAILURES = 16;

export type JoinRecord = { readonly orgId: OrgId; readonly join: Join };
/** What a person said of the device that waits. */
export type Decision =
  | { readonly kind: 'approved' }
  | { readonly kind: 'denied'; readonly wordsDiffer: boolean }
  | { readonly kind: 'over'; readonly message: string };
export type WaitingDevice = Candidate & { readonly remoteAddress?: string; readonly words?: readonly [string, string, string, string] };

/** Offers and requests to join as they go: the leader's memory, which the dialog lives by. */
export interface Joins {
  open(join: Pick<Join, 'id' | 'origin' | 'name' | 'createdAt' | 'expiresAt'> & { readonly orgId: OrgId }): Join;
  /** All but requests that nobody has opened by their code: anybody may knock, and only who sees the device's screen may answer. */
  list(orgId: OrgId): readonly Join[];
  /** Shows a request to people. */
  reveal(id: JoinTokenId): void;
  /** Devices that wait without an offer: in all, and from that address. */
  countRequests(remoteAddress: string | undefined): { readonly all: number; readonly fromHere: number };
  /** @throws CloudlessError `not_found` */
  get(id: JoinTokenId, orgId: OrgId): Join;
  find(id: JoinTokenId): JoinRecord | undefined;
  /** The join by which a device came in, while it is kept. */
  findByNode(nodeId: NodeId): JoinTokenId | undefined;
  /** The device came so far. A step that was taken already keeps its first time. */
  step(id: JoinTokenId, step: JoinStep, remoteAddress?: string): void;
  fail(id: JoinTokenId, refused: Omit<Join['failures'][number], 'at'>): void;
  /**
   * Shows the device to people and waits for what they say: until the join expires, is cancelled, or the device hangs up.
   * @returns `undefined` when another device waits with the same offer already
   */
  awaitDecision(id: JoinTokenId, device: WaitingDevice, signal: AbortSignal): Promise<Decision> | undefined;
  /** @throws CloudlessError `join_over` when no device waits */
  decide(id: JoinTokenId, orgId: OrgId, decision: Decision): Join;
  joined(id: JoinTokenId, nodeId: NodeId): void;
  end(id: JoinTokenId, state: 'cancelled' | 'refused' | 'expired'): void;
  /** Called with each change. Returns how to stop. */
  onChange(listener: (record: JoinRecord) => void): () => void;
  stop(): void;
}

type Entry = { readonly orgId: OrgId; join: Join; pending?: PromiseWithResolvers<Decision> | undefined; timer: Timer; isHidden: boolean };

export function createJoins({ clock }: { readonly clock: Clock }): Joins {
  const entries = new Map<JoinTokenId, Entry>();
  const byNode = new Map<NodeId, JoinTokenId>();
  const listeners = new Set<(record: JoinRecord) => void>();

  function change(entry: Entry, next: Partial<Join>): void {
    entry.join = { ...entry.join, ...next };
    if (entry.isHidden) return;
    for (const listener of listeners) listener({ orgId: entry.orgId, join: entry.join });
  }
  const isOver = ({ join }: Entry): boolean => join.state !== 'waiting' && join.state !== 'approval';

  function finish(entry: Entry, state: Join['state'], decision?: Decision): void {
    if (isOver(entry)) return;
    entry.timer.cancel();
    entry.timer = clock.setTimer(KEPT_MS, () => remove(entry));
    change(entry, { state });
    if (decision) entry.pending?.resolve(decision);
    entry.pending = undefined;
  }

  function makeRoom(): void {
    for (const entry of entries.values()) {
      if (entries.size < MAX_JOINS) return;
      if (isOver(entry)) remove(entry);
    }
    if (entries.size >= MAX_JOINS)
      throw new CloudlessError(
        'overloaded',
        `${MAX_JOINS} joins are open already: cancel some, or wait until they expire.`,
        saying('tooManyJoins', { most: MAX_JOINS }),
      );
  }
  function remove(entry: Entry): void {
    entry.timer.cancel();
    entries.delete(entry.join.id);
    if (entry.join.nodeId !== undefined) byNode.delete(entry.join.nodeId);
  }

  function getEntry(id: JoinTokenId, orgId: OrgId): Entry {
    const entry = entries.get(id);
    if (entry?.orgId === orgId && !entry.isHidden) return entry;
    throw new CloudlessError(
      'not_found',
      `There is no join ${id} in this organisation, or it was over long ago.`,
      saying('noSuchJoin', { id }),
    );
  }

  return {
    open({ orgId, ...made }) {
      makeRoom();
      const expire = (): void => finish(entry, 'expired', { kind: 'over', message: 'nobody approved this device in time; start again' });
      const entry: Entry = {
        orgId,
        isHidden: made.origin === 'request',
        join: { ...made, state: 'waiting', steps: [], failures: [] },
        timer: clock.setTimer(Math.max(0, made.expiresAt - clock.now()), expire),
      };
      entries.set(made.id, entry);
      change(entry, {});
      return entry.join;
    },
    list: (orgId) => [...entries.values()].filter((entry) => entry.orgId === orgId && !entry.isHidden).map(({ join }) => join),
    reveal(id) {
      const entry = entries.get(id);
      if (!entry) return;
      entry.isHidden = false;
      change(entry, {});
    },
    countRequests(remoteAddress) {
      const open = [...entries.values()].filter((entry) => entry.join.origin === 'request' && !isOver(entry));
      const fromHere = open.filter(({ join }) => join.steps.some((step) => step.remoteAddress === remoteAddress));
      return { all: open.length, fromHere: fromHere.length };
    },
    get: (id, orgId) => getEntry(id, orgId).join,
    find: (id) => entries.get(id),
    findByNode: (nodeId) => byNode.get(nodeId),
    step(id, step, remoteAddress) {
      const entry = entries.get(id);
      if (!entry || entry.join.steps.length >= MAX_STEPS || entry.join.steps.some((taken) => taken.step === step)) return;
      const taken = { step, at: clock.now(), ...(remoteAddress === undefined ? {} : { remoteAddress }) };
      change(entry, { steps: [...entry.join.steps, taken] });
    },
    fail(id, refused) {
      const entry = entries.get(id);
      if (!entry) return;
      const failure = { ...refused, at: clock.now(), message: refused.message.slice(0, 2000) };
      change(entry, { failures: [...entry.join.failures, failure].slice(-MAX_FAILURES) });
    },
    awaitDecision(id, device, signal) {
      const entry = entries.get(id);
      if (!entry || isOver(entry)) return Promise.resolve({ kind: 'over', message: 'this offer is over; make a new one' });
      if (entry.pending) return undefined;
      const pending = Promise.withResolvers<Decision>();
      entry.pending = pending;
      const { words, ...facts } = device;
      change(entry, { state: 'approval', candidate: { ...facts, ...(words ? { words: [...words] } : {}) } });
      const onAbort = (): void => {
        if (entry.pending !== pending) return;
        entry.pending = undefined;
        entry.join = { ...entry.join, candidate: undefined };
        change(entry, { state: 'waiting' });
        pending.resolve({ kind: 'over', message: 'the device hung up' });
      };
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      return pending.promise.finally(() => signal.removeEventListener('abort', onAbort));
    },
    decide(id, orgId, decision) {
      const entry = getEntry(id, orgId);
      const { pending } = entry;
      if (!pending)
        throw new CloudlessError(
          'join_over',
          'No device waits for this approval any more: it hung up, or the join is over.',
          saying('joinOver', {}),
        );
      if (decision.kind === 'approved') {
        entry.pending = undefined;
        pending.resolve(decision);
      } else finish(entry, 'refused', decision);
      return entry.join;
    },
    joined(id, nodeId) {
      const entry = entries.get(id);
      if (!entry) return;
      finish(entry, 'joined');
      byNode.set(nodeId, id);
      change(entry, { nodeId });
    },
    end(id, state) {
      const entry = entries.get(id);
      if (entry) finish(entry, state, { kind: 'over', message: `this offer was ${state}` });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      for (const entry of entries.values()) {
        entry.timer.cancel();
        entry.pending?.resolve({ kind: 'over', message: 'the coordinator stops; try again' });
      }
      entries.clear();
      byNode.clear();
    },
  };
}
