import { createManualClock, createMemoryLogger, createSeededEntropy, type ManualClock, type MemoryLogger } from '@cloudless/kernel/testing';
import { buildFingerprint } from '@cloudless/proto/testing';
import { createAgent, type Agent, type AgentOptions } from '../agent.ts';
import { createMemoryLogStore } from '../logs/memory-log-store.ts';
import type { LogStore } from '../logs/log-store.ts';
import { createFakeRuntime, type FakeRuntime, type FakeRuntimeOptions } from '../runtime/fake/index.ts';
import { createStaticCredentials } from '../session/credentials.ts';
import { createMemoryState } from '../state/memory-state.ts';
import type { AgentIdentity, AgentState } from '../state/state.ts';
import { buildIdentity } from './build-assignment.ts';
import { createStubCoordinator, type StubCoordinator } from './stub-coordinator.ts';

/** A whole agent on a manual clock with a fake engine, and a coordinator that the test plays. */
export interface AgentBench {
  readonly clock: ManualClock;
  readonly runtime: FakeRuntime;
  readonly coordinator: StubCoordinator;
  readonly state: AgentState;
  readonly logs: LogStore;
  readonly logger: MemoryLogger;
  readonly identity: AgentIdentity;
  /** Moves time in small steps, so that long chains of promises settle at the time they belong to. */
  run(ms: number): Promise<void>;
  start(): Promise<Agent>;
  /** Ends the agent as SIGKILL would: whatever it had in memory is gone. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export function createAgentBench(
  images: FakeRuntimeOptions['images'] = { 'example/web:1': {} },
  more: Partial<AgentOptions> = {},
): AgentBench {
  const clock = createManualClock();
  const logger = createMemoryLogger();
  const identity = buildIdentity();
  const runtime = createFakeRuntime({ clock, ...(images ? { images } : {}) });
  const state = createMemoryState(identity);
  const logs = createMemoryLogStore();
  const coordinator = createStubCoordinator(identity);
  let seed = 1;
  let agent: Agent | undefined;
  const bench: AgentBench = {
    clock,
    runtime,
    coordinator,
    state,
    logs,
    logger,
    identity,
    async run(ms) {
      const step = Math.max(5, Math.ceil(ms / 2000));
      for (let at = 0; at < ms; at += step) await clock.advance(Math.min(step, ms - at));
      for (let turn = 0; turn < 5; turn += 1) await clock.advance(0);
    },
    async start() {
      agent = await createAgent({
        clock,
        entropy: createSeededEntropy(seed++),
        logger,
        runtime,
        state,
        logs,
        credentials: createStaticCredentials(identity),
        dial: () => coordinator.dial(),
        connectLoopback: () => Promise.reject(new Error('no sockets here')),
        fingerprint: ({ engine, capacity }) =>
          Promise.resolve(buildFingerprint({ engine, capacity: { ...capacity, storageBytes: 100 * 2 ** 30 } })),
        sampleUsage: () => Promise.resolve({ allocations: [] }),
        ...more,
      });
      return agent;
    },
    async kill() {
      const stopping = agent?.stop();
      agent = undefined;
      await bench.run(10);
      await stopping;
    },
    async [Symbol.asyncDispose]() {
      await bench.kill();
    },
  };
  return bench;
}
