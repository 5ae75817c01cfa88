import { CloudlessError } from '@cloudless/proto';
import type { Device } from '../device.ts';
import type { Draw } from '../draw.ts';
import { drawDownMs, drawHow, HOUR_MS, type Strike } from './fault.ts';

function breakContainer({ engine }: Device, draw: Draw, how: 'crash' | 'vanish'): void {
  const running = engine.containers.filter(({ state }) => state === 'running');
  if (running.length === 0) return;
  const { containerId } = draw.pick(running);
  if (how === 'crash') engine.breakable.crash(containerId, { code: draw.between(0, 2), oomKilled: draw.happens(0.2) });
  else engine.breakable.vanish(containerId);
}

/** Agents, machines, disks and engines. */
export const DEVICE_FAULTS = {
  'agent.crash': ({ draw }, { device }) => device.crash(drawHow(draw), drawDownMs(draw)),
  'agent.restart': (_world, { device }) => device.restart(),
  'agent.update': (_world, { device }) => device.update(),
  'agent.pause': ({ lasts }, { device }) => {
    device.pause();
    lasts(20_000, () => device.resume());
  },
  'watchdog.crash': (_world, { device }) => device.crashWatchdog(),
  'machine.powerLoss': ({ draw }, { device }) => device.losePower(drawDownMs(draw)),
  'machine.turnOff': ({ draw }, { device }) => device.turnOff(drawDownMs(draw)),
  'machine.sleep': ({ draw, lasts }, { device }) => {
    device.sleep();
    lasts(draw.pick([5000, 60_000, 300_000]), () => device.wake());
  },
  'machine.clockStep': ({ draw, lasts }, { device }) => {
    device.machine.setWallOff(draw.between(-3 * HOUR_MS, 3 * HOUR_MS));
    lasts(300_000, () => device.machine.setWallOff(0));
  },
  'machine.clock1970': ({ lasts }, { device }) => {
    device.machine.setWall1970();
    lasts(120_000, () => device.machine.setWallOff(0));
  },
  'machine.address': (_world, { device }) => device.changeAddress(),
  'disk.bitFlip': (_world, { device }) => void device.disk.flipBit(),
  'disk.full': ({ lasts }, { device }) => {
    device.disk.setFull(true);
    lasts(20_000, () => device.disk.setFull(false));
  },
  'disk.slow': ({ draw, lasts }, { device }) => {
    device.disk.setSlow(draw.pick([200, 3000]));
    lasts(20_000, () => device.disk.setSlow(0));
  },
  'container.crash': ({ draw }, { device }) => breakContainer(device, draw, 'crash'),
  'container.vanish': ({ draw }, { device }) => breakContainer(device, draw, 'vanish'),
  'container.flaps': ({ lasts }, { device: { engine } }) => {
    engine.mood.flaps = true;
    lasts(30_000, () => (engine.mood.flaps = false));
  },
  'engine.down': ({ draw, lasts }, { device: { engine } }) => {
    engine.breakable.goDown(undefined, draw.happens(0.5));
    lasts(15_000, () => engine.breakable.comeUp());
  },
  'engine.slow': ({ draw, lasts }, { device: { engine } }) => {
    engine.mood.slowBy = draw.pick([5, 40]);
    lasts(30_000, () => (engine.mood.slowBy = 1));
  },
  'engine.stopHangs': ({ lasts }, { device: { engine } }) => {
    engine.mood.stopsHang = true;
    lasts(15_000, () => (engine.mood.stopsHang = false));
  },
  'registry.down': ({ lasts }, { device: { engine } }) => {
    engine.breakable.failPulls(new CloudlessError('registry_unreachable', 'The registry does not answer.'));
    lasts(30_000, () => engine.breakable.failPulls(undefined));
  },
} as const satisfies Record<string, Strike>;
