import {
  createAgent,
  createFileLeaseStore,
  createFileState,
  createMemoryLogStore,
  createStaticCredentials,
  type Agent,
  type AgentIdentity,
  type AgentState,
  type LeaseStore,
} from '@cloudless/agent';
import type { Clock } from '@cloudless/kernel';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import { buildFingerprint } from '@cloudless/proto/testing';
import { createDisk, type Disk } from './disk.ts';
import { createEngine, type Engine } from './engine.ts';
import { createDraw } from './draw.ts';
import { createIncarnation, type Incarnation } from './incarnation.ts';
import type { Network } from './network.ts';
import type { Plant } from './plants.ts';
import { createMachineClock, type MachineClock } from './time/machine-clock.ts';
import type { Trace } from './trace.ts';
import { createWatchdog } from './watchdog.ts';

/** A machine of somebody: a clock, an engine, a disk, and an agent that is started again whenever it ended. */
export interface Device {
  readonly identity: AgentIdentity;
  readonly machine: MachineClock;
  readonly engine: Engine;
  readonly disk: Disk;
  /** The machine is awake, and its agent runs. */
  readonly isUp: boolean;
  /** Its agent speaks the protocol before. */
  readonly isPrevious: boolean;
  start(): void;
  /** Ends the agent at once; it is started again after `downMs`. */
  crash(how: 'reset' | 'silent', downMs: number): void;
  /** The power goes: agent, containers and whatever the disk had not synced. */
  losePower(downMs: number): void;
  /** The machine is shut down in order, and switched on again after `downMs`: its agent says so, its containers end with it. */
  turnOff(downMs: number): void;
  /** Ends the agent in order, then starts it again. */
  restart(): void;
  /** As `restart`, with the agent of this release. */
  update(): void;
  pause(): void;
  resume(): void;
  /** Ends its watchdog at once; its supervisor starts it again. */
  crashWatchdog(): void;
  /** The lid is closed: nothing runs on the machine, and nobody is told. */
  sleep(): void;
  wake(): void;
  /** An address of the machine changed: its links are gone, and it is told so. */
  changeAddress(): void;
  /** Ends it for good. */
  shutDown(): void;
}

export type DeviceOptions = {
  readonly seed: number;
  readonly identity: AgentIdentity;
  readonly isPrevious: boolean;
  readonly clock: Clock;
  readonly network: Network;
  readonly trace: Trace;
  readonly plant: Plant | undefined;
};

const FOLDER = '/agent';
/** A machine that slept so long has no connection left: routers and peers have forgotten it. */
const FORGOTTEN_AFTER_MS = 120_000;
/** From waking to noticing it: the agent looks for a sleep as often. */
const NOTICES_AFTER_MS = 5000;
/** Beyond this, no promise is made. */
const DRIFTS = [0, 0, 0.01, -0.01, 0.004];

export function createDevice({ seed, identity, isPrevious: wasPrevious, clock, network, trace, plant }: DeviceOptions): Device {
  const { name, nodeId } = identity;
  const draw = createDraw(seed, `device ${name}`);
  const machine = createMachineClock(clock, draw.pick(DRIFTS));
  const engine = createEngine(machine, draw, plant);
  const disk = createDisk({ draw: createDraw(seed, `disk of ${name}`), lies: plant === 'lies-about-syncs' });
  const logs = createMemoryLogStore();
  const link = { type: draw.pick(['wired', 'wifi'] as const) };
  const watchers = new Set<(reason: string) => void>();
  const watchdog = createWatchdog({ name, folder: FOLDER, machine, engine, disk, trace });
  /** Starts of the machine. */
  let boots = 1;
  let life: Incarnation | undefined;
  let agent: Agent | undefined;
  let sleptAtMs: number | undefined;
  let isPrevious = wasPrevious;
  let isPowerOff = false;
  let isShutDown = false;

  /** A device that has joined holds its identity. One that finds it damaged joins again, with the same: enrolment is not simulated. */
  async function openState(own: Incarnation): Promise<AgentState> {
    const state = createFileState(
      FOLDER,
      trace.loggerOf(name, () => own.isAlive),
      disk.bind(own),
    );
    if (!(await state.loadIdentity())) await state.saveIdentity(identity);
    return plant === 'forgets-pauses' ? forgetPauses(state) : state;
  }

  /** The watchdog beside an agent reads nothing before the first lease, and is started with it. */
  async function openLeases(own: Incarnation): Promise<LeaseStore> {
    const bootId = `${name} ${boots}`;
    const store = createFileLeaseStore(
      FOLDER,
      bootId,
      trace.loggerOf(name, () => own.isAlive),
      disk.bind(own),
    );
    const watch = (): void => {
      if (own.isAlive && plant !== 'unwatched-leases') watchdog.start(bootId);
    };
    if (await store.load()) watch();
    return {
      ...store,
      save(file) {
        watch();
        return store.save(file);
      },
    };
  }

  async function run(own: Incarnation): Promise<void> {
    const started = await createAgent({
      clock: own.clock,
      entropy: createSeededEntropy(draw.between(0, 2 ** 31)),
      logger: trace.loggerOf(name, () => own.isAlive),
      runtime: engine.bind(own),
      state: await openState(own),
      leaseStore: await openLeases(own),
      logs,
      credentials: createStaticCredentials(identity),
      dial: (_identity, signal) => network.dial(nodeId, own, signal),
      connectLoopback: () => Promise.reject(new Error('simulated devices serve no port')),
      fingerprint: (view) =>
        Promise.resolve(
          buildFingerprint({ hostname: name, engine: view.engine, capacity: { ...view.capacity, storageBytes: 100 * 2 ** 30 }, link }),
        ),
      sampleUsage: () => Promise.resolve({ allocations: [] }),
      watchNetwork(onChange) {
        const listener = (reason: string): void => own.enter(() => onChange(reason));
        watchers.add(listener);
        return { stop: () => watchers.delete(listener) };
      },
    });
    if (own.isAlive) agent = started;
  }

  /** What ends a real agent's process, and has a supervisor start it again. */
  function failed(own: Incarnation, cause: unknown): void {
    if (life !== own || !own.isAlive) return;
    trace.note(name, { op: 'agent.start', outcome: 'failed', reason: String(cause) });
    end('reset');
    clock.setTimer(1000, start);
  }

  function start(): void {
    if (life?.isAlive || isShutDown) return;
    if (isPowerOff) engine.breakable.comeUp();
    isPowerOff = false;
    const own = createIncarnation(name, machine);
    life = own;
    if (machine.isSuspended) own.pause();
    trace.note(name, { op: 'agent.start' });
    run(own).catch((cause: unknown) => failed(own, cause));
  }

  function end(how: 'reset' | 'silent'): void {
    if (!life) return;
    life.kill();
    watchers.clear();
    network.lose(life, how);
    agent = undefined;
  }

  function crash(how: 'reset' | 'silent', downMs: number): void {
    if (!life?.isAlive) return;
    trace.note(name, { op: 'agent.crash', how, downMs });
    end(how);
    clock.setTimer(downMs, start);
  }

  function restart(): void {
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
  }

  const tellChange = (reason: string): void => watchers.forEach((listener) => listener(reason));

  return {
    identity,
    machine,
    engine,
    disk,
    get isUp() {
      return agent !== undefined && !machine.isSuspended;
    },
    get isPrevious() {
      return isPrevious;
    },
    start,
    crash,
    losePower(downMs) {
      if (!life?.isAlive) return;
      isPowerOff = true;
      boots += 1;
      watchdog.kill();
      engine.breakable.goDown(undefined, true);
      crash('silent', downMs);
      disk.losePower();
    },
    turnOff(downMs) {
      const stopping = life;
      if (!stopping?.isAlive || !agent) return;
      trace.note(name, { op: 'machine.turnOff', downMs });
      const ended = agent.stop({ isShutdown: true });
      agent = undefined;
      void ended.then(() => {
        if (life !== stopping) return;
        isPowerOff = true;
        boots += 1;
        watchdog.kill();
        engine.breakable.goDown(undefined, true);
        end('reset');
        clock.setTimer(downMs, start);
      });
    },
    restart,
    update() {
      isPrevious = false;
      restart();
    },
    pause: () => life?.pause(),
    crashWatchdog: () => watchdog.crash(),
    resume() {
      if (!machine.isSuspended) life?.resume();
    },
    sleep() {
      if (machine.isSuspended) return;
      sleptAtMs = clock.bootMs();
      machine.suspend();
      life?.pause();
      watchdog.pause();
    },
    wake() {
      if (sleptAtMs === undefined) return;
      const sleptMs = clock.bootMs() - sleptAtMs;
      sleptAtMs = undefined;
      if (life && sleptMs > FORGOTTEN_AFTER_MS) network.lose(life, 'silent');
      machine.wake();
      life?.resume();
      watchdog.resume();
      machine.setTimer(draw.between(0, NOTICES_AFTER_MS), () => tellChange(`the device slept for ${Math.round(sleptMs / 1000)} s`));
    },
    changeAddress() {
      if (life) network.lose(life, 'silent');
      tellChange('an address of the device changed');
    },
    shutDown() {
      isShutDown = true;
      watchdog.kill();
      end('silent');
    },
  };
}

/** The planted bug: a start does not know why what is stopped was stopped. */
const forgetPauses = (state: AgentState): AgentState => ({
  ...state,
  async loadHeld() {
    const held = await state.loadHeld();
    const cause = { code: 'forgotten', message: 'Nobody knows.' };
    return { ...held, memories: held.memories.map((memory) => ({ ...memory, observed: { ...memory.observed, cause } })) };
  },
});
