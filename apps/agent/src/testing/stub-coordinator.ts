import {
  LINK_PROTOCOL,
  type AgentMessage,
  type AllocationId,
  type AllocationObserved,
  type Assignment,
  type CoordinatorMessage,
} from '@cloudless/proto';
import type { AgentLink, CoordinatorLink } from '@cloudless/transport';
import { createMemoryLinkPair, type MemoryLinkPair } from '@cloudless/transport/memory';
import type { AgentIdentity } from '../state/state.ts';

type Said<K extends AgentMessage['kind']> = Extract<AgentMessage, { kind: K }>;

/** The coordinator's end of a session, played by a test. */
export interface StubCoordinator {
  dial(): Promise<AgentLink>;
  /** Of the newest session. */
  readonly link: CoordinatorLink | undefined;
  readonly pair: MemoryLinkPair | undefined;
  readonly sessions: number;
  readonly messages: readonly AgentMessage[];
  said<K extends AgentMessage['kind']>(kind: K): readonly Said<K>[];
  /** Latest reported state, from hellos and reports. */
  observed(id: AllocationId): AllocationObserved | undefined;
  send(message: CoordinatorMessage): void;
  /** Sent as COMPLETE at each session's start; `undefined` sends none. */
  assignments: readonly Assignment[] | undefined;
  /** Sends one change on top of what was sent last. */
  put(assignment: Assignment): void;
  remove(id: AllocationId): void;
  isReachable: boolean;
  /** Acknowledges heartbeats, and ends the link of a device that leaves. */
  answers: boolean;
  /** Length of each lease that is asked for; 0 grants none. */
  leaseMs: number;
  authority: { epoch: number; token: number };
}

export function createStubCoordinator(identity: AgentIdentity): StubCoordinator {
  const messages: AgentMessage[] = [];
  const reported = new Map<AllocationId, AllocationObserved>();
  let pair: MemoryLinkPair | undefined;
  let sessions = 0;
  let revision = 10;
  const { clusterId } = identity;

  const stub: StubCoordinator = {
    assignments: [],
    isReachable: true,
    answers: true,
    leaseMs: 0,
    authority: { epoch: 1, token: 1 },
    get link() {
      return pair?.coordinator;
    },
    get pair() {
      return pair;
    },
    get sessions() {
      return sessions;
    },
    messages,
    said: <K extends AgentMessage['kind']>(kind: K) => messages.filter((message): message is Said<K> => message.kind === kind),
    observed: (id) => reported.get(id),
    send: (message) => void pair?.coordinator.send(message),
    put: (assignment) => change({ kind: 'put', assignment }),
    remove: (allocationId) => change({ kind: 'remove', allocationId }),
    dial() {
      if (!stub.isReachable) return Promise.reject(new Error('the coordinator is away'));
      sessions += 1;
      pair = createMemoryLinkPair();
      pair.coordinator.onMessage(meet);
      return Promise.resolve(pair.agent);
    },
  };

  function change(one: Extract<CoordinatorMessage, { kind: 'incremental' }>['changes'][number]): void {
    stub.send({ kind: 'incremental', clusterId, ...stub.authority, appliesTo: revision, resultsIn: revision + 1, changes: [one] });
    revision += 1;
  }

  function acknowledge({ sequence, leases = [] }: Said<'heartbeat'>): void {
    const { leaseMs } = stub;
    const granted = leaseMs > 0 && leases.length > 0 ? { leases: leases.map((allocationId) => ({ allocationId, leaseMs })) } : {};
    stub.send({ kind: 'heartbeatAck', sequence, ...granted });
  }

  function meet(message: AgentMessage): void {
    messages.push(message);
    if (message.kind === 'heartbeat' && stub.answers) acknowledge(message);
    if (message.kind === 'report') for (const { allocationId, observed } of message.reports) reported.set(allocationId, observed);
    if (message.kind === 'resync' && stub.assignments) complete(stub.assignments);
    if (message.kind === 'leave' && stub.answers) pair?.coordinator.close({ code: 'left', message: 'the device is away', retry: true });
    if (message.kind !== 'hello') return;
    for (const { allocationId, observed } of message.allocations) reported.set(allocationId, observed);
    stub.send({
      kind: 'welcome',
      protocol: LINK_PROTOCOL,
      clusterId,
      ...stub.authority,
      serverAt: 1_700_000_000_000,
      heartbeatMs: 1000,
      coordinatorVersion: '0.1.0',
    });
    if (stub.assignments) complete(stub.assignments);
  }

  function complete(assignments: readonly Assignment[]): void {
    stub.send({ kind: 'complete', clusterId, ...stub.authority, revision, assignments: [...assignments] });
  }
  return stub;
}
