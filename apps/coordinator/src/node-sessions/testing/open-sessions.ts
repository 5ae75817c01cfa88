import { createTestStore, type TestStoreOptions } from '@cloudless/db/testing';
import { ok } from '@cloudless/kernel';
import { createManualClock, createMemoryLogger, createSeededEntropy } from '@cloudless/kernel/testing';
import {
  LINK_PROTOCOL,
  type AgentMessage,
  type AllocationId,
  type AllocationRow,
  type BatchId,
  type CoordinatorMessage,
  type NodeId,
  type NodeRow,
  type WorkloadId,
  type WorkloadSpecInput,
} from '@cloudless/proto';
import { buildAllocationRow, buildFingerprint, buildNodeRow, buildObserved, buildWorkloadRow } from '@cloudless/proto/testing';
import type { CoordinatorLink } from '@cloudless/transport';
import { createMemoryLinkPair } from '@cloudless/transport/memory';
import { createNodeSessions, type NodeSessionsOptions } from '../index.ts';

type Hello = Extract<AgentMessage, { kind: 'hello' }>;

/** Real sessions over a real store and links in memory, on a clock that the test moves. `wrap` puts something before the database. */
export async function openSessions({ wrap, ...options }: Partial<NodeSessionsOptions> & Pick<TestStoreOptions, 'wrap'> = {}) {
  const clock = createManualClock();
  const entropy = createSeededEntropy(21);
  const logger = createMemoryLogger();
  const opened = await createTestStore({ clock, entropy, ...(wrap ? { wrap } : {}) });
  const { store, cluster } = opened;
  const authority = { clusterId: cluster.clusterId, epoch: cluster.epoch, token: cluster.token };
  const start = () =>
    createNodeSessions({
      store,
      clock,
      entropy,
      logger,
      authority,
      coordinatorVersion: '0.1.0',
      renew: () => Promise.resolve(ok({ certificate: 'new', bundle: 'bundle' })),
      ...options,
    });
  const sessions = start();
  const commit = (...mutations: Parameters<typeof store.commit>[0]['mutations']) =>
    store.commit({ id: entropy.id('batch') as BatchId, mutations });

  async function addNode(name: string, more: Partial<NodeRow> = {}): Promise<NodeRow> {
    const state = { word: 'unreachable', cause: { code: 'not_connected_yet', message: 'new' }, sinceAt: clock.now() } as const;
    const row = buildNodeRow(name, { id: entropy.id('node') as NodeId, orgId: cluster.orgId, state, ...more });
    await commit({ kind: 'put', table: 'node', row, expect: 'absent' });
    return row;
  }

  async function place(node: NodeRow, spec: Partial<WorkloadSpecInput> = {}): Promise<AllocationRow> {
    const workload = {
      ...buildWorkloadRow('web', spec),
      id: entropy.id('wl') as WorkloadId,
      orgId: cluster.orgId,
      projectId: cluster.projectId,
    };
    const pending = buildObserved({ phase: 'pending', ready: false, generation: 0, cause: { code: 'placed', message: 'placed' } });
    const row = { ...buildAllocationRow(workload, node), id: entropy.id('alloc') as AllocationId, observed: pending };
    await commit({ kind: 'put', table: 'allocation', row, expect: 'absent' });
    return row;
  }

  /** A link of that node; what it heard, in order. Says hello unless told otherwise. */
  async function connect(node: NodeRow, hello: Partial<Hello> | 'silent' = {}) {
    const pair = createMemoryLinkPair();
    const heard: CoordinatorMessage[] = [];
    pair.agent.onMessage((message) => heard.push(message));
    const said: CoordinatorMessage[] = [];
    const send = (message: CoordinatorMessage): boolean => {
      said.push(message);
      return pair.coordinator.send(message);
    };
    const end: CoordinatorLink = Object.assign(Object.create(pair.coordinator) as CoordinatorLink, { send });
    await sessions.accept(end, node.id);
    if (hello !== 'silent') {
      pair.agent.send({
        kind: 'hello',
        protocol: LINK_PROTOCOL,
        agentVersion: '0.1.0',
        nodeId: node.id,
        clusterId: cluster.clusterId,
        epoch: 0,
        token: 0,
        fingerprint: buildFingerprint(),
        allocations: [],
        ...hello,
      });
    }
    await settle();
    return { ...pair, heard, said, kinds: () => heard.map(({ kind }) => kind) };
  }

  async function settle(): Promise<void> {
    await clock.advance(0);
    await sessions.settled();
    await clock.advance(0);
  }

  return {
    ...opened,
    clock,
    logger,
    entropy,
    sessions,
    start,
    commit,
    addNode,
    place,
    connect,
    settle,
    async pass(ms: number) {
      await clock.advance(ms);
      await settle();
    },
    stateOf: (node: NodeRow) => store.get('node', node.id)?.row.state,
    async kindsOfEvents() {
      const events = await store.listEvents({ orgId: cluster.orgId, limit: 10_000 });
      return events.map(({ kind }) => kind).toReversed();
    },
    async [Symbol.asyncDispose]() {
      const stopping = sessions.stop();
      await clock.advance(0);
      await stopping;
      await opened[Symbol.asyncDispose]();
    },
  };
}
