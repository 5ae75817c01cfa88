import {
  createAddressBook,
  createAgent,
  createEnrolment,
  createMemoryLogStore,
  createMemoryState,
  type Agent,
  type ContainerPlan,
  type Runtime,
} from '@cloudless/agent';
import { createFakeRuntime } from '@cloudless/agent/fake';
import type { WideEvent } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { buildFingerprint } from '@cloudless/proto/testing';

const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore, with: () => quiet };
function ignore(_event: WideEvent): void {
  // What a thousand agents say is nobody's to read; a fault shows in what is measured.
}

export type SimulatedAgents = AsyncDisposable & {
  /** Called when a device's engine is asked for a container: its agent was told, and made that durable. */
  onCreate: (plan: ContainerPlan) => void;
};

/**
 * Real agents (session, TLS, held state, reconcile loop) in this process, each with an engine in memory. They join with one-time
 * tokens as any device does; `joinToken` makes one.
 */
export async function startSimulatedAgents(
  coordinatorUrl: string,
  count: number,
  joinToken: (name: string) => Promise<string>,
): Promise<SimulatedAgents> {
  const agents: Agent[] = [];
  const started: SimulatedAgents = {
    onCreate: () => undefined,
    async [Symbol.asyncDispose]() {
      await Promise.all(agents.map((agent) => agent.stop()));
    },
  };
  for (let index = 0; index < count; index += 1) {
    const name = `sim-${String(index).padStart(4, '0')}`;
    agents.push(await startAgent(coordinatorUrl, name, await joinToken(name), (plan) => started.onCreate(plan)));
  }
  return started;
}

async function startAgent(url: string, name: string, token: string, onCreate: (plan: ContainerPlan) => void): Promise<Agent> {
  const clock = createRealClock();
  const entropy = createRealEntropy();
  const fake = createFakeRuntime({ clock, capacity: { cpuMillicores: 64_000, memoryBytes: 256 * 2 ** 30 } });
  const runtime: Runtime = {
    ...fake,
    create(plan, signal) {
      onCreate(plan);
      return fake.create(plan, signal);
    },
  };
  const state = createMemoryState();
  const { credentials, dial } = createEnrolment({
    addresses: await createAddressBook({
      configured: [url],
      load: () => Promise.resolve([]),
      save: () => Promise.resolve(),
      async *probe(urls) {
        yield* urls.slice(0, 1);
      },
      logger: quiet,
    }),
    candidate: { hostname: name, os: 'simulated', arch: 'x64' },
    name,
    readJoinToken: () => Promise.resolve(token),
    dropJoinToken: () => Promise.resolve(),
    state,
    serverNow: () => 0,
    noteServerAt: () => Promise.resolve(),
    clock,
    entropy,
    logger: quiet,
  });
  return createAgent({
    clock,
    entropy,
    logger: quiet,
    runtime,
    state,
    logs: createMemoryLogStore(),
    credentials,
    dial,
    connectLoopback: () => Promise.reject(new Error('simulated devices serve no port')),
    fingerprint: ({ engine, capacity }) =>
      Promise.resolve(buildFingerprint({ hostname: name, engine, capacity: { ...capacity, storageBytes: 0 } })),
    sampleUsage: () => Promise.resolve({ allocations: [] }),
  });
}
