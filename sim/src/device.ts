import {
  createAgent,
  createMemoryLogStore,
  createMemoryState,
  createStaticCredentials,
  type Agent,
  type AgentIdentity,
  type AgentState,
} from '@cloudless/agent';
import type { Clock } from '@cloudless/kernel';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { buildFingerprint } from '@cloudless/proto/testing';
import { createEngine, type Engine } from './engine.ts';
import { createDraw } from './draw.ts';
import { createIncarnation, type Incarnation } from './incarnation.ts';
import type { Network } from './network.ts';
import type { Plant } from './plants.ts';
import type { Trace } from './trace.ts';

/** A machine of somebody: an engine, a disk, and an agent that is started again whenever it ended. */
export interface Device {
  readonly identity: AgentIdentity;
  readonly engine: Engine;
  start(): void;
  /** Ends the agent at once; it is started again after `downMs`. */
  crash(how: 'reset' | 'silent', downMs: number): void;
  /** Ends the agent in order, then starts it again. */
  restart(): void;
  pause(): void;
  resume(): void;
  /** Sets the wall clock of the machine off by so much. */
  stepClock(skewMs: number): void;
  /** Ends it for good. */
  shutDown(): void;
}

export type DeviceOptions = {
  readonly seed: number;
  readonly identity: AgentIdentity;
  readonly clock: Clock;
  readonly network: Network;
  readonly trace: Trace;
  readonly plant: Plant | undefined;
};

export function createDevice({ seed, identity, clock, network, trace, plant }: DeviceOptions): Device {
  const { name, nodeId } = identity;
  const draw = createDraw(seed, `device ${name}`);
  const engine = createEngine(clock, draw, plant);
  const disk = createMemoryState(identity);
  const logs = createMemoryLogStore();
  const link = { type: draw.pick(['wired', 'wifi'] as const) };
  const slowDiskMs = draw.pick([0, 2, 30]);
  let skewMs = 0;
  let life: Incarnation | undefined;
  let agent: Agent | undefined;
  let isShutDown = false;

  /** What was not written when the agent died was never written. */
  const stateOf = (bound: Incarnation): AgentState => ({
    loadIdentity: () => bound.bound(disk.loadIdentity()),
    saveIdentity: (next) => bound.bound(disk.saveIdentity(next)),
    loadHeld: () => bound.bound(disk.loadHeld()),
    async saveHeld(held) {
      await bound.clock.sleep(draw.between(0, slowDiskMs));
      await disk.saveHeld(held);
    },
  });

  async function run(own: Incarnation): Promise<void> {
    const started = await createAgent({
      clock: own.clock,
      entropy: createSeededEntropy(draw.between(0, 2 ** 31)),
      logger: trace.loggerOf(name, () => own.isAlive),
      runtime: engine.bind(own),
      state: stateOf(own),
      logs,
      credentials: createStaticCredentials(identity),
      dial: (_identity, signal) => network.dial(nodeId, own, signal),
      connectLoopback: () => Promise.reject(new Error('simulated devices serve no port')),
      fingerprint: (view) =>
        Promise.resolve(buildFingerprint({ hostname: name, engine: view.engine, capacity: { ...view.capacity, storageBytes: 0 }, link })),
      sampleUsage: () => Promise.resolve({ allocations: [] }),
    });
    if (own.isAlive) agent = started;
  }

  function start(): void {
    if (life?.isAlive || isShutDown) return;
    life = createIncarnation(name, clock, () => skewMs);
    trace.note(name, { op: 'agent.start' });
    void run(life);
  }

  function end(how: 'reset' | 'silent'): void {
    if (!life) return;
    life.kill();
    network.lose(life, how);
    agent = undefined;
  }

  return {
    identity,
    engine,
    start,
    crash(how, downMs) {
      if (!life?.isAlive) return;
      trace.note(name, { op: 'agent.crash', how, downMs });
      end(how);
      clock.setTimer(downMs, start);
    },
    restart() {
      const stopping = life;
      if (!stopping?.isAlive || !agent) return;
      trace.note(name, { op: 'agent.restart' });
      const ended = agent.stop();
      agent = undefined;
      void ended.then(() => {
        if (life !== stopping) return;
        end('reset');
        start();
      });
    },
    pause: () => life?.pause(),
    resume: () => life?.resume(),
    stepClock(next) {
      skewMs = next;
    },
    shutDown() {
      isShutDown = true;
      end('silent');
    },
  };
}
