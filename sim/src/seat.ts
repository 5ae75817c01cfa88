import { createControlPlane, createNodeSessions, type ControlPlane, type NodeSessionsServer } from '@cloudless/coordinator';
import { createStore, openCluster, type Store } from '@cloudless/db';
import { err, type Clock } from '@cloudless/kernel';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import type { Database } from './database.ts';
import type { Draw } from './draw.ts';
import { createIncarnation, type Incarnation } from './incarnation.ts';
import type { Door, Network } from './network.ts';
import { misread, misrecord } from './planted-stores.ts';
import type { Plant } from './plants.ts';
import { createMachineClock, type MachineClock } from './time/machine-clock.ts';
import type { Trace } from './trace.ts';

/** A coordinator that runs: store, sessions and control plane as in production. */
export type Running = {
  readonly life: Incarnation;
  readonly store: Store;
  readonly sessions: NodeSessionsServer;
  readonly plane: ControlPlane;
};

/** The place where the coordinator runs, and is started again whenever it ended. */
export interface Seat {
  readonly machine: MachineClock;
  readonly running: Running | undefined;
  /** The newest that ever ran: what it knows is what agents may have heard. */
  readonly newest: Running | undefined;
  readonly door: Door | undefined;
  start(): void;
  crash(how: 'reset' | 'silent', downMs: number): void;
  /** Ends it in order, then starts it again. */
  restart(): void;
  pause(): void;
  resume(): void;
  /** Its machine sleeps: nothing runs on it, and its boot time goes on. */
  sleep(): void;
  wake(): void;
  /** The network between it and the database breaks, or is whole again. */
  setCutOff(isCutOff: boolean): void;
  /**
   * It stands still, and another takes over its database. After `stillMs` it goes on, knowing nothing of that, for as long as `zombieMs`.
   */
  usurp(stillMs: number, zombieMs: number): void;
  /** Stores of coordinators that were taken over and still run. */
  readonly zombies: readonly Running[];
  endZombies(): void;
  shutDown(): void;
}

export type SeatOptions = {
  readonly clock: Clock;
  readonly draw: Draw;
  readonly trace: Trace;
  readonly database: Database;
  readonly findNetwork: () => Network;
  readonly plant: Plant | undefined;
  /** Called with each new store, before anything decides on it. */
  readonly onStore: (store: Store) => void;
};

const NAME = 'coordinator';
/** Between tries to start when the database does not answer. */
const RETRY_MS = 1000;
/** Beyond this, no promise is made. */
const DRIFTS = [0, 0, 0.01, -0.01];

export function createSeat({ clock, draw, trace, database, findNetwork, plant, onStore }: SeatOptions): Seat {
  const machine = createMachineClock(clock, draw.pick(DRIFTS));
  let life: Incarnation | undefined;
  let running: Running | undefined;
  let newest: Running | undefined;
  let isCutOff = false;
  let isShutDown = false;
  const zombies = new Set<Running>();

  function endZombie(zombie: Running): void {
    zombies.delete(zombie);
    zombie.life.kill();
    findNetwork().lose(zombie.life, 'reset');
  }

  async function open(own: Incarnation): Promise<Running> {
    const logger = trace.loggerOf(NAME, () => own.isAlive);
    const entropy = createSeededEntropy(draw.between(0, 2 ** 31));
    const driver = database.bind(own, () => isCutOff);
    const parts = { clock: own.clock, entropy, logger };
    const cluster = await openCluster({ driver, ...parts });
    const store = await createStore({ driver, ...parts, token: cluster.token });
    onStore(store);
    const authority = { clusterId: cluster.clusterId, epoch: cluster.epoch, token: cluster.token };
    const renew = () => Promise.resolve(err({ code: 'certificate_refused', message: 'nothing is issued here' }));
    const sessions = createNodeSessions({ store: misrecord(store, plant), ...parts, authority, coordinatorVersion: 'simulated', renew });
    const decidesOn = misread(store, plant, entropy);
    return { life: own, store, sessions, plane: createControlPlane({ store: decidesOn, ...parts, counts: sessions }) };
  }

  function start(): void {
    if (life?.isAlive || isShutDown) return;
    const own = createIncarnation(NAME, machine);
    life = own;
    if (machine.isSuspended) own.pause();
    trace.note(NAME, { op: 'coordinator.start' });
    open(own).then(
      (opened) => {
        if (!own.isAlive) return;
        running = opened;
        newest = opened;
      },
      (cause: unknown) => {
        trace.note(NAME, { op: 'coordinator.start', outcome: 'failed', reason: String(cause) });
        end('reset');
        clock.setTimer(RETRY_MS, start);
      },
    );
  }

  function end(how: 'reset' | 'silent'): void {
    if (!life) return;
    life.kill();
    findNetwork().lose(life, how);
    running = undefined;
  }

  async function stopParts({ plane, sessions, store }: Running): Promise<void> {
    await plane.stop();
    await sessions.stop();
    await store.stop();
  }

  return {
    machine,
    get running() {
      return running;
    },
    get newest() {
      return newest;
    },
    get door() {
      return running && { life: running.life, accept: running.sessions.accept };
    },
    start,
    crash(how, downMs) {
      if (!life?.isAlive) return;
      trace.note(NAME, { op: 'coordinator.crash', how, downMs });
      end(how);
      clock.setTimer(downMs, start);
    },
    restart() {
      const stopping = running;
      if (!stopping) return;
      trace.note(NAME, { op: 'coordinator.restart' });
      running = undefined;
      void stopParts(stopping).then(() => {
        if (life !== stopping.life || !life.isAlive) return;
        end('reset');
        start();
      });
    },
    pause: () => life?.pause(),
    resume() {
      if (!machine.isSuspended) life?.resume();
    },
    sleep() {
      machine.suspend();
      life?.pause();
    },
    wake() {
      machine.wake();
      life?.resume();
    },
    setCutOff(next) {
      isCutOff = next;
    },
    usurp(stillMs, zombieMs) {
      const old = running;
      if (!old) return;
      old.life.pause();
      running = undefined;
      life = undefined;
      zombies.add(old);
      clock.setTimer(stillMs, () => old.life.resume());
      clock.setTimer(stillMs + zombieMs, () => endZombie(old));
      start();
    },
    get zombies() {
      return [...zombies];
    },
    endZombies: () => zombies.forEach(endZombie),
    shutDown() {
      isShutDown = true;
      zombies.forEach(endZombie);
      end('silent');
    },
  };
}
