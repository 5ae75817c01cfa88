import { unreachable, type Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { Database } from './database.ts';
import type { Device } from './device.ts';
import type { Draw } from './draw.ts';
import type { End, Network } from './network.ts';
import type { Seat } from './seat.ts';
import type { Trace } from './trace.ts';

/** What can go wrong. Each seed draws which of these it has, and how often. */
const KINDS = [
  'agent.crash',
  'agent.restart',
  'agent.pause',
  'machine.reboot',
  'machine.clock',
  'container.crash',
  'container.vanish',
  'engine.down',
  'registry.down',
  'link.cut',
  'link.partition',
  'link.slow',
  'coordinator.crash',
  'coordinator.crashAtWrite',
  'coordinator.restart',
  'coordinator.pause',
  'coordinator.usurped',
  'store.down',
  'store.answerLost',
] as const;
type Kind = (typeof KINDS)[number];

export interface Faults {
  start(): void;
  /** No more faults, and all that lasts is over. */
  heal(): void;
  readonly count: number;
}

export type FaultsOptions = {
  readonly clock: Clock;
  readonly draw: Draw;
  readonly trace: Trace;
  readonly devices: readonly Device[];
  readonly network: Network;
  readonly seat: Seat;
  readonly database: Database;
};

const BLOCKED: readonly (readonly End[])[] = [['agent', 'coordinator'], ['agent'], ['coordinator']];
const HOUR_MS = 3_600_000;

export function createFaults({ clock, draw, trace, devices, network, seat, database }: FaultsOptions): Faults {
  const meanWaitMs = draw.pick([3000, 15_000, 60_000]);
  const kinds = KINDS.flatMap((kind) => (draw.happens(0.5) ? Array.from({ length: draw.between(1, 4) }, () => kind) : []));
  const lasting = new Set<() => void>();
  let isOver = true;
  let count = 0;

  /** Ends by itself after a while drawn about `meanMs`, or when the world heals. */
  function lasts(meanMs: number, end: () => void): void {
    lasting.add(end);
    clock.setTimer(draw.waitMs(meanMs), () => {
      if (lasting.delete(end)) end();
    });
  }
  const how = (): 'reset' | 'silent' => (draw.happens(0.5) ? 'reset' : 'silent');
  const downMs = (): number => draw.waitMs(draw.pick([500, 5000, 90_000]));

  function breakContainer(device: Device, how: 'crash' | 'vanish'): void {
    const running = device.engine.containers.filter(({ state }) => state === 'running');
    if (running.length === 0) return;
    const { containerId } = draw.pick(running);
    if (how === 'crash') device.engine.breakable.crash(containerId, { code: draw.between(0, 2), oomKilled: draw.happens(0.2) });
    else device.engine.breakable.vanish(containerId);
  }

  function takeEngineDown({ engine }: Device, killContainers: boolean, meanMs: number): void {
    engine.breakable.goDown(undefined, killContainers);
    lasts(meanMs, () => engine.breakable.comeUp());
  }

  function strike(kind: Kind, device: Device): void {
    switch (kind) {
      case 'agent.crash':
        return device.crash(how(), downMs());
      case 'agent.restart':
        return device.restart();
      case 'agent.pause':
        device.pause();
        return lasts(20_000, () => device.resume());
      case 'machine.reboot':
        takeEngineDown(device, true, 10_000);
        return device.crash('silent', downMs());
      case 'machine.clock':
        return device.stepClock(draw.between(-3 * HOUR_MS, 3 * HOUR_MS));
      case 'container.crash':
        return breakContainer(device, 'crash');
      case 'container.vanish':
        return breakContainer(device, 'vanish');
      case 'engine.down':
        return takeEngineDown(device, draw.happens(0.5), 15_000);
      case 'registry.down':
        device.engine.breakable.failPulls(new CloudlessError('registry_unreachable', 'The registry does not answer.'));
        return lasts(30_000, () => device.engine.breakable.failPulls(undefined));
      case 'link.cut':
        return network.cut(device.identity.nodeId);
      case 'link.partition':
        network.partition(device.identity.nodeId, { blocked: draw.pick(BLOCKED), holds: draw.happens(0.5) });
        return lasts(draw.pick([2000, 20_000, 120_000]), () => network.heal());
      case 'link.slow':
        network.slow(device.identity.nodeId, draw.pick([50, 400, 2000]));
        return lasts(30_000, () => network.slow(device.identity.nodeId, 0));
      case 'coordinator.crash':
        return seat.crash(how(), downMs());
      case 'coordinator.crashAtWrite': {
        const [manner, ms] = [how(), downMs()];
        return database.crashAt(draw.pick(['before', 'after'] as const), () => seat.crash(manner, ms));
      }
      case 'coordinator.restart':
        return seat.restart();
      case 'coordinator.pause':
        seat.pause();
        return lasts(8000, () => seat.resume());
      case 'coordinator.usurped':
        return seat.usurp(draw.waitMs(4000), draw.waitMs(15_000));
      case 'store.down':
        database.fail();
        return lasts(8000, () => database.heal());
      case 'store.answerLost':
        return database.loseAnswer(draw.happens(0.5) ? 'happened' : 'never');
      default:
        return unreachable(kind);
    }
  }

  function wait(): void {
    clock.setTimer(draw.waitMs(meanWaitMs), () => {
      if (isOver || kinds.length === 0) return;
      const [kind, device] = [draw.pick(kinds), draw.pick(devices)];
      trace.note('fault', { op: kind, device: device.identity.name });
      count += 1;
      strike(kind, device);
      wait();
    });
  }

  return {
    get count() {
      return count;
    },
    start() {
      isOver = false;
      trace.note('fault', { op: 'drawn', kinds: [...new Set(kinds)], meanWaitMs });
      wait();
    },
    heal() {
      isOver = true;
      for (const end of lasting) end();
      lasting.clear();
      network.heal();
      database.heal();
      seat.resume();
      seat.endZombies();
      seat.start();
      for (const device of devices) {
        device.resume();
        device.start();
      }
    },
  };
}
