import {
  campaign,
  createControlPlane,
  createNodeSessions,
  holdLease,
  leaseAgeMs,
  watchSoleLead,
  type ControlPlane,
  type Lease,
  type NodeSessionsServer,
  type SoleLead,
} from '@cloudless/coordinator';
import { createStore, findCluster, openCluster, type Cluster, type LeadSeen, type SqlDriver, type Store } from '@cloudless/db';
import { assert, err, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { createSeededEntropy } from '@cloudless/kernel/testing';
import type { Database } from './database.ts';
import type { Draw } from './draw.ts';
import { createIncarnation, type Incarnation } from './incarnation.ts';
import type { Door, Network } from './network.ts';
import { addressOf, type PeerNetwork, type PeerPlace } from './peers/peer-network.ts';
import { createStanding, type Standing } from './peers/standing.ts';
import type { Calls } from './people/calls.ts';
import type { Endpoint } from './people/endpoint.ts';
import { miscount, misread, misrecord } from './planted-stores.ts';
import type { Plant } from './plants.ts';
import { createMachineClock, type MachineClock } from './time/machine-clock.ts';
import type { Trace } from './trace.ts';

/** A coordinator that leads: store, sessions and control plane as in production. */
export type Running = {
  readonly life: Incarnation;
  readonly token: number;
  readonly store: Store;
  readonly sessions: NodeSessionsServer;
  readonly plane: ControlPlane;
  /** Of one among several; one that is alone needs none. */
  readonly lease: Lease | undefined;
  /** Of one that is alone. */
  readonly sole: SoleLead | undefined;
  readonly standing: Standing | undefined;
  /** Another was started in its place. */
  readonly isZombie: () => boolean;
};

/** A coordinator without a lease that was taken over does not know it: nothing is promised of what it answers. */
export const toEndpoint = ({
  life,
  store,
  plane,
  lease,
  isZombie,
}: Pick<Running, 'life' | 'store' | 'plane' | 'lease' | 'isZombie'>): Endpoint => ({
  life,
  store,
  deploy: (batch) => plane.deploy(batch),
  isConfirmed: () => (lease ? lease.state().kind === 'held' : !isZombie()),
});

/** The place where one coordinator runs, and is started again whenever it ended. */
export interface Seat {
  readonly name: string;
  readonly machine: MachineClock;
  /** Present while it leads, by its own word. */
  readonly running: Running | undefined;
  readonly door: Door | undefined;
  /** Its address, as other coordinators and people find it. */
  readonly place: PeerPlace | 'refused' | 'dark';
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
   * It stands still, and another is started in its place and takes over its database. After `stillMs` it goes on, knowing nothing of
   * that, for as long as `zombieMs`. For a coordinator that is alone: several have leases.
   */
  usurp(stillMs: number, zombieMs: number): void;
  /** Coordinators that were taken over so and still run. */
  readonly zombies: readonly Running[];
  endZombies(): void;
  shutDown(): void;
}

export type SeatOptions = {
  readonly name: string;
  /** Several share the database: one leads, by a lease. */
  readonly isOneOfSeveral: boolean;
  readonly clock: Clock;
  readonly draw: Draw;
  readonly trace: Trace;
  readonly database: Database;
  readonly findNetwork: () => Network;
  readonly peers: PeerNetwork;
  readonly calls: Calls;
  readonly plant: Plant | undefined;
  /** Called with each new store and its fencing token, before anything decides on it. */
  readonly onStore: (store: Store, token: number) => void;
};

type Taken = { readonly cluster: Cluster; readonly lease: Lease | undefined; readonly stood: Standing | undefined };
type Parts = { readonly clock: Clock; readonly entropy: Entropy; readonly logger: Logger };

/** Between tries to start when the database does not answer. */
const RETRY_MS = 1000;
/** Beyond this, no promise is made. */
const DRIFTS = [0, 0, 0.01, -0.01];

export function createSeat(options: SeatOptions): Seat {
  const { name, isOneOfSeveral, clock, draw, trace, database, findNetwork, peers, calls, plant, onStore } = options;
  // The planted bug: a crystal far slower than anybody allows for.
  const machine = createMachineClock(clock, plant === 'drifts-too-far' ? draw.pick([0, -0.6]) : draw.pick(DRIFTS));
  let life: Incarnation | undefined;
  let running: Running | undefined;
  let standing: Standing | undefined;
  /** Its machine is off. */
  let isDark = false;
  let isCutOff = false;
  let isShutDown = false;
  let starts = 0;
  const zombies = new Set<Running>();

  function endLife(ended: Incarnation, how: 'reset' | 'silent'): void {
    ended.kill();
    findNetwork().lose(ended, how);
    peers.lose(ended, how);
  }

  function endZombie(zombie: Running): void {
    zombies.delete(zombie);
    endLife(zombie.life, 'reset');
  }

  /** Alone, a start takes over at once. Among several it stands by until the lead is free. */
  async function takeLead(own: Incarnation, driver: SqlDriver, parts: Parts): Promise<Taken> {
    if (!isOneOfSeveral) return { cluster: await openCluster({ driver, ...parts }), lease: undefined, stood: undefined };
    const instance = `${name}-${starts}`;
    const stood = createStanding({ name, instance, life: own, logger: parts.logger, network: peers, calls, plant });
    standing = stood;
    const { link } = stood;
    const claim = { holder: name, instance, addresses: [addressOf(name)], version: 'simulated' };
    const onSeen = (seen: LeadSeen | undefined): void => link.see(seen);
    const { token, sentMs } = await campaign({ driver, ...parts, proveGone: link, claim, onSeen }, new AbortController().signal);
    stood.beginLead();
    const lease = holdLease({ driver, ...parts, token, sentMs });
    const cluster = await findCluster(driver);
    assert(cluster, 'a cluster that is led was founded');
    return { cluster: { ...cluster, token }, lease, stood };
  }

  async function open(own: Incarnation): Promise<Running> {
    const entropy = createSeededEntropy(draw.between(0, 2 ** 31));
    const parts = { clock: own.clock, entropy, logger: trace.loggerOf(name, () => own.isAlive) };
    const driver = database.bind(own, () => isCutOff);
    const { cluster, lease, stood } = await takeLead(own, driver, parts);
    const { token } = cluster;
    const store = await createStore({ driver, ...parts, token });
    onStore(store, token);
    const authority = { clusterId: cluster.clusterId, epoch: cluster.epoch, token };
    const renew = () => Promise.resolve(err({ code: 'certificate_refused', message: 'nothing is issued here' }));
    const sole = lease ? undefined : watchSoleLead({ driver, store, clock: own.clock, token });
    const leadAgeMs = (): number => (lease ? leaseAgeMs(lease) : (sole?.ageMs() ?? Infinity));
    const recordsTo = misrecord(store, plant);
    const sessions = createNodeSessions({ store: recordsTo, ...parts, authority, coordinatorVersion: 'simulated', renew, leadAgeMs });
    const decidesOn = misread(store, plant, entropy);
    lease?.onChange(({ kind }) => {
      // A coordinator that was replaced ends its process; it is started again as a standby.
      if (kind === 'lost' && running?.lease === lease && life === own) endAndStart(RETRY_MS);
    });
    const plane = createControlPlane({ store: decidesOn, ...parts, counts: miscount(sessions, plant) });
    const isZombie = (): boolean => life !== own;
    if (lease) stood?.lead(toEndpoint({ life: own, store, plane, lease, isZombie }), lease, (reason) => sessions.letGo(reason));
    return { life: own, token, store, sessions, lease, sole, plane, standing: stood, isZombie };
  }

  function endAndStart(afterMs: number): void {
    end('reset');
    clock.setTimer(afterMs, start);
  }

  function start(): void {
    if (life?.isAlive || isShutDown) return;
    const own = createIncarnation(name, machine);
    life = own;
    isDark = false;
    starts += 1;
    if (machine.isSuspended) own.pause();
    trace.note(name, { op: 'coordinator.start' });
    open(own).then(
      (opened) => {
        if (!own.isAlive) return;
        running = opened;
        if (opened.lease?.state().kind === 'lost') endAndStart(RETRY_MS);
      },
      (cause: unknown) => {
        if (!own.isAlive) return;
        trace.note(name, { op: 'coordinator.start', outcome: 'failed', reason: String(cause) });
        endAndStart(RETRY_MS);
      },
    );
  }

  function end(how: 'reset' | 'silent'): void {
    if (!life) return;
    endLife(life, how);
    isDark = how === 'silent';
    standing = undefined;
    running = undefined;
  }

  async function stopParts({ plane, sessions, store, lease, sole, standing: stood }: Running): Promise<void> {
    await plane.stop();
    await sessions.stop();
    sole?.stop();
    await store.stop();
    await lease?.stop();
    stood?.stop();
  }

  return {
    name,
    machine,
    get running() {
      return running;
    },
    get door() {
      if (!running || running.standing?.isCutOff) return undefined;
      return { life: running.life, accept: running.sessions.accept };
    },
    get place() {
      if (isDark) return 'dark';
      return standing?.place ?? 'refused';
    },
    start,
    crash(how, downMs) {
      if (!life?.isAlive) return;
      trace.note(name, { op: 'coordinator.crash', how, downMs });
      end(how);
      clock.setTimer(downMs, start);
    },
    restart() {
      const stopping = running;
      if (!stopping) return;
      trace.note(name, { op: 'coordinator.restart' });
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
      if (!old || isOneOfSeveral) return;
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
