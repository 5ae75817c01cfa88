import type { Clock } from '@cloudless/kernel';
import type { NodeId } from '@cloudless/proto';
import type { AgentLink, CoordinatorLink } from '@cloudless/transport';
import { createMemoryLinkPair, type MemoryLinkPair } from '@cloudless/transport/memory';
import type { Draw } from './draw.ts';
import type { Incarnation } from './incarnation.ts';
import type { Plant } from './plants.ts';
import { hearPrevious, speakPrevious } from './previous-protocol.ts';

export type End = 'agent' | 'coordinator';
/** Where links arrive: the coordinator that runs now. */
export type Door = { readonly life: Incarnation; accept(link: CoordinatorLink, nodeId: NodeId): Promise<void> };

/**
 * How the network of one device fails: what is under way towards `blocked` ends waits until it heals (`holds`), or is lost, which
 * leaves links half-open.
 */
export type Partition = { readonly blocked: readonly End[]; readonly holds: boolean };

export interface Network {
  /** Connects the agent of a device to the coordinator. Fails as a socket would. */
  dial(nodeId: NodeId, life: Incarnation, signal: AbortSignal): Promise<AgentLink>;
  partition(nodeId: NodeId, partition: Partition): void;
  slow(nodeId: NodeId, extraMs: number): void;
  /** Resets the device's links; both ends are told. */
  cut(nodeId: NodeId): void;
  /** A program is gone. `reset`: its system says so to the other end; `silent`: the power went, and nobody says anything. */
  lose(life: Incarnation, how: 'reset' | 'silent'): void;
  heal(): void;
  /** Links that are open, of a device. */
  linksOf(nodeId: NodeId): number;
}

type Wire = {
  readonly nodeId: NodeId;
  readonly lives: Readonly<Record<End, Incarnation>>;
  readonly pair: MemoryLinkPair;
  release(): void;
};
type Path = { partition: Partition | undefined; extraMs: number };

export type NetworkOptions = {
  readonly clock: Clock;
  readonly draw: Draw;
  readonly findDoor: () => Door | undefined;
  readonly plant: Plant | undefined;
  /** Its agent speaks the protocol before. */
  readonly isPrevious: (nodeId: NodeId) => boolean;
  /** Such an agent was told a word of a later one. */
  readonly onNewer: (nodeId: NodeId, word: string) => void;
};

/** A connection that goes nowhere is given up after this long. */
const DIAL_DEADLINE_MS = 3000;
const HEALTHY: readonly End[] = [];

export function createNetwork({ clock, draw, findDoor, plant, isPrevious, onNewer }: NetworkOptions): Network {
  const baseMs = draw.pick([0, 1, 5, 40]);
  const jitterMs = draw.pick([0, 2, 20, 120]);
  const paths = new Map<NodeId, Path>();
  const wires = new Set<Wire>();

  function pathOf(nodeId: NodeId): Path {
    const path = paths.get(nodeId) ?? { partition: undefined, extraMs: 0 };
    paths.set(nodeId, path);
    return path;
  }
  const delayMs = (path: Path): number => baseMs + draw.between(0, jitterMs) + path.extraMs;
  const blockedOf = (path: Path): readonly End[] => path.partition?.blocked ?? HEALTHY;

  function connect(nodeId: NodeId, agent: Incarnation, door: Door): Wire {
    const path = pathOf(nodeId);
    const lives = { agent, coordinator: door.life };
    const lastAtMs = { agent: 0, coordinator: 0 };
    /** Once a frame was lost, all after it are: a link never sees a gap. */
    const isLost = { agent: false, coordinator: false };
    let held: (() => void)[] = [];

    function arrive(towards: End, run: () => void): void {
      if (isLost[towards]) return;
      if (!blockedOf(path).includes(towards)) return lives[towards].enter(run);
      if (path.partition?.holds) held.push(() => arrive(towards, run));
      else isLost[towards] = true;
    }
    const pair = createMemoryLinkPair({
      bulk: 'later',
      deliver(towards, run) {
        const at = Math.max(lastAtMs[towards], clock.bootMs() + delayMs(path));
        lastAtMs[towards] = at;
        clock.setTimer(at - clock.bootMs(), () => arrive(towards, run));
      },
    });
    const wire: Wire = {
      nodeId,
      lives,
      pair,
      release() {
        const waiting = held;
        held = [];
        for (const run of waiting) run();
      },
    };
    wires.add(wire);
    void Promise.all([pair.agent.closed, pair.coordinator.closed]).then(() => plant === 'keeps-links' || wires.delete(wire));
    return wire;
  }

  const toPrevious = ({ nodeId, pair }: Wire): Pick<MemoryLinkPair, End> => ({
    // The planted bug: nobody looks at what it speaks.
    agent: plant === 'overlooks-protocols' ? pair.agent : speakPrevious(pair.agent),
    coordinator: hearPrevious(pair.coordinator, (word) => onNewer(nodeId, word)),
  });
  const wiresOf = (nodeId: NodeId): Wire[] => [...wires].filter((wire) => wire.nodeId === nodeId);
  /** A program that lives has an end of it open. */
  const isHeld = ({ pair, lives }: Wire): boolean =>
    // The planted bug: connections that are over are kept.
    plant === 'keeps-links' ||
    (lives.agent.isAlive && !pair.agent.signal.aborted) ||
    (lives.coordinator.isAlive && !pair.coordinator.signal.aborted);
  const severSoon = (wire: Wire): void => void clock.setTimer(delayMs(pathOf(wire.nodeId)), () => wire.pair.sever());

  function healPath(nodeId: NodeId): void {
    const path = pathOf(nodeId);
    path.partition = undefined;
    path.extraMs = 0;
    for (const wire of wiresOf(nodeId)) wire.release();
  }

  return {
    async dial(nodeId, life, signal) {
      const path = pathOf(nodeId);
      await life.clock.sleep(2 * delayMs(path), signal);
      if (blockedOf(path).length > 0) {
        await life.clock.sleep(DIAL_DEADLINE_MS, signal);
        throw new Error('the connection timed out');
      }
      const door = findDoor();
      if (!door) throw new Error('the connection was refused');
      const wire = connect(nodeId, life, door);
      const { agent, coordinator } = isPrevious(nodeId) ? toPrevious(wire) : wire.pair;
      door.life.enter(() => void door.accept(coordinator, nodeId).catch(() => wire.pair.sever()));
      return agent;
    },
    partition(nodeId, partition) {
      healPath(nodeId);
      pathOf(nodeId).partition = partition;
    },
    slow(nodeId, extraMs) {
      pathOf(nodeId).extraMs = extraMs;
    },
    cut: (nodeId) => wiresOf(nodeId).forEach((wire) => wire.pair.sever()),
    lose(life, how) {
      for (const wire of wires) {
        if (wire.lives.agent !== life && wire.lives.coordinator !== life) continue;
        if (!isHeld(wire)) wires.delete(wire);
        if (how === 'reset') severSoon(wire);
        else wire.pair.stall();
      }
    },
    heal: () => [...paths.keys()].forEach(healPath),
    linksOf: (nodeId) => wiresOf(nodeId).filter(isHeld).length,
  };
}
