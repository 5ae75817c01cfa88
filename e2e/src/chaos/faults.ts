import { unreachable } from '@cloudless/kernel';
import { bothWays, CLEAR } from '@cloudless/transport/testing';
import type { Cluster } from './cluster.ts';
import type { Device } from './device.ts';
import type { Program } from './program.ts';

export const FAULT_KINDS = [
  'agent.kill',
  'agent.still',
  'coordinator.kill',
  'coordinator.still',
  'container.crash',
  'engine.down',
  'network.cut',
  'network.forget',
  'network.part',
  'network.partOneWay',
  'network.weather',
  'network.closed',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Longest that a fault lasts: together with a restart far from the minute after which a device is lost. */
const LASTS_MS = 5000;

export interface Faults {
  readonly counts: ReadonlyMap<FaultKind, number>;
  strike(kind: FaultKind): void;
  /** Ends all that lasts. */
  heal(): Promise<void>;
}

/** @param random draws which device, and for how long */
export function createFaults(cluster: Cluster, random: () => number): Faults {
  const counts = new Map<FaultKind, number>();
  const lasting = new Set<() => void>();

  function lasts(end: () => void): void {
    const once = (): void => {
      clearTimeout(timer);
      if (lasting.delete(once)) end();
    };
    const timer = setTimeout(once, random() * LASTS_MS);
    lasting.add(once);
  }

  function still(program: Program): void {
    program.signal('SIGSTOP');
    lasts(() => program.signal('SIGCONT'));
  }

  function crashContainer({ engine }: Device): boolean {
    const running = engine.containers.filter(({ state }) => state === 'running');
    const container = running[Math.floor(random() * running.length)];
    if (container) engine.crash(container.containerId, { code: 1 });
    return container !== undefined;
  }

  /** @returns whether there was anything to strike at */
  function act(kind: FaultKind, device: Device): boolean {
    const { agent, engine, network } = device;
    const { coordinator } = cluster.seat;
    switch (kind) {
      case 'agent.kill':
        agent.signal('SIGKILL');
        return true;
      case 'agent.still':
        still(agent);
        return true;
      case 'coordinator.kill':
        coordinator.signal('SIGKILL');
        return true;
      case 'coordinator.still':
        still(coordinator);
        return true;
      case 'container.crash':
        return crashContainer(device);
      case 'engine.down':
        engine.goDown();
        lasts(() => engine.comeUp());
        return true;
      case 'network.cut':
        network.cut();
        return true;
      case 'network.forget':
        network.cut('silently');
        return true;
      case 'network.part':
        network.turn(bothWays({ isBlocked: true }));
        lasts(() => network.turn(bothWays(CLEAR)));
        return true;
      case 'network.partOneWay':
        network.turn(random() < 0.5 ? { out: { isBlocked: true } } : { back: { isBlocked: true } });
        lasts(() => network.turn(bothWays(CLEAR)));
        return true;
      case 'network.weather':
        network.turn(bothWays({ loss: random() * 0.1, delayMs: random() * 100, jitterMs: random() * 100 }));
        lasts(() => network.turn(bothWays(CLEAR)));
        return true;
      case 'network.closed':
        void network.setDoor('closed');
        network.cut();
        lasts(() => void network.setDoor('open'));
        return true;
      default:
        return unreachable(kind);
    }
  }

  return {
    counts,
    strike(kind) {
      const device = cluster.devices[Math.floor(random() * cluster.devices.length)];
      if (device && act(kind, device)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    async heal() {
      for (const end of [...lasting]) end();
      for (const { network, engine } of cluster.devices) {
        await network.setDoor('open');
        network.turn(bothWays(CLEAR));
        engine.comeUp();
      }
    },
  };
}
