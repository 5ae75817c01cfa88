import { assert } from '@cloudless/kernel';
import type { WorkloadSpecInput } from '@cloudless/proto';
import type { Device } from '../device.ts';
import type { Scenario } from './scenarios.ts';
import { minutes, seconds, type Stage } from './stage.ts';

/** An exclusive app runs. @returns its device */
async function withDbOn(stage: Stage, spec: Partial<WorkloadSpecInput> = {}): Promise<Device> {
  stage.deploy('db', { replicas: 1, exclusive: true, ...spec });
  await stage.settles(minutes(3));
  const holder = stage.devices.find(({ engine }) => engine.containers.length > 0);
  assert(holder, 'an exclusive app that was placed is on a device');
  return holder;
}

export const LEASE_SCENARIOS = {
  'the-device-of-an-exclusive-app-is-cut-off': {
    devices: 3,
    async play(stage) {
      // Its device is given up long before its lease ends.
      const holder = await withDbOn(stage, { disconnect: { lostAfterMs: seconds(20), stopAfterMs: minutes(2) } });
      const { network } = stage.world;
      const over = stage.breaks(
        'its device is cut off',
        () => network.partition(holder.identity.nodeId, { blocked: ['agent', 'coordinator'], holds: false }),
        () => network.heal(),
      );
      await stage.after(seconds(60));
      stage.must(stage.running('db').length === 1, 'it runs on while its lease lasts');
      await stage.after(minutes(2));
      stage.must(
        stage.running('db').every((where) => !where.startsWith(holder.identity.name)),
        'it runs there no longer',
      );
      stage.must(stage.running('db').length === 1, 'its successor runs');
      over();
      await stage.settles(minutes(5));
      stage.must(stage.running('db').length === 1, 'one runs');
    },
  },
  'an-agent-dies-and-its-watchdog-stops-what-is-exclusive': {
    devices: 2,
    async play(stage) {
      const holder = await withDbOn(stage);
      const over = stage.breaks(
        'its agent is killed, and nobody starts it',
        () => holder.crash('silent', minutes(10)),
        () => holder.start(),
      );
      await stage.after(minutes(4));
      stage.must(stage.running('db').length === 1, 'its successor runs, alone');
      over();
      await stage.settles(minutes(5));
    },
  },
  'an-agent-stands-still-beyond-its-lease': {
    devices: 2,
    async play(stage) {
      const holder = await withDbOn(stage);
      const over = stage.breaks(
        'its agent is paused',
        () => holder.pause(),
        () => holder.resume(),
      );
      await stage.after(minutes(4));
      stage.must(stage.running('db').length === 1, 'its successor runs, alone');
      over();
      await stage.settles(minutes(5));
    },
  },
  'the-device-of-an-exclusive-app-sleeps': {
    devices: 2,
    async play(stage) {
      const holder = await withDbOn(stage, { image: 'sim/stubborn:1', terminationGraceMs: 5000 });
      const over = stage.breaks(
        'its lid is closed',
        () => holder.sleep(),
        () => holder.wake(),
      );
      await stage.after(minutes(4));
      over();
      await stage.settles(minutes(5));
      stage.must(stage.running('db').length === 1, 'one runs');
    },
  },
  'the-device-of-an-exclusive-app-sleeps-and-is-taken-back': {
    devices: 2,
    async play(stage) {
      const holder = await withDbOn(stage, { image: 'sim/stubborn:1', terminationGraceMs: 5000 });
      const over = stage.breaks(
        'its lid is closed',
        () => holder.sleep(),
        () => holder.wake(),
      );
      // It hears nothing of that, and its lease goes on for a while.
      await stage.after(seconds(5));
      stage.takeBack(holder);
      await stage.after(minutes(2));
      stage.must(stage.running('db').length === 2, 'its successor runs, beside a copy that sleeps');
      over();
      await stage.after(seconds(2));
      stage.must(stage.running('db').length === 1, 'the copy is ended when it wakes');
      await stage.settles(minutes(5));
    },
  },
  'an-exclusive-app-is-on-a-device-that-is-shut-down': {
    devices: 2,
    async play(stage) {
      const holder = await withDbOn(stage, { disconnect: { stopAfterMs: minutes(2) } });
      const over = stage.breaks('its device is shut down', () => holder.turnOff(minutes(10)));
      await stage.after(seconds(20));
      stage.must(stage.running('db').length === 1, 'its successor runs long before its lease would have ended');
      await stage.after(minutes(11));
      over();
      await stage.settles(minutes(3));
      stage.must(stage.running('db').length === 1, 'one runs');
    },
  },
  'an-exclusive-app-does-not-end-while-its-device-is-shut-down': {
    devices: 2,
    async play(stage) {
      const holder = await withDbOn(stage, { disconnect: { stopAfterMs: minutes(2) } });
      const over = stage.breaks('its engine ends nothing, and its device is shut down', () => {
        holder.engine.mood.stopsHang = true;
        holder.turnOff(minutes(10));
      });
      await stage.after(seconds(60));
      stage.must(stage.running('db').length === 0, 'no successor runs while its lease may last');
      await stage.after(minutes(3));
      stage.must(stage.running('db').length === 1, 'its successor runs');
      await stage.after(minutes(8));
      over();
      holder.engine.mood.stopsHang = false;
      await stage.settles(minutes(3));
      stage.must(stage.running('db').length === 1, 'one runs');
    },
  },
  'an-exclusive-app-ends-while-its-agent-is-dead-and-its-lease-lapses': {
    devices: 1,
    async play(stage) {
      stage.deploy('db', { replicas: 1, exclusive: true });
      await stage.settles(minutes(3));
      const [device] = stage.devices;
      const over = stage.breaks(
        'its agent is killed, and then it ends by itself',
        () => device?.crash('reset', seconds(45)),
        () => device?.start(),
      );
      await stage.after(seconds(5));
      device?.engine.breakable.crash(device.engine.containers[0]?.containerId ?? '');
      await stage.after(seconds(45));
      over();
      await stage.settles(minutes(3));
      stage.must(stage.running('db').length === 1, 'it runs again, once it has a lease');
    },
  },
  'the-device-of-an-exclusive-app-loses-its-power-while-nothing-can-be-stored': {
    devices: 1,
    async play(stage) {
      const holder = await withDbOn(stage);
      const [coordinator] = stage.world.seats.all;
      const over = stage.breaks(
        'the coordinator is cut off from its database',
        () => coordinator.setCutOff(true),
        () => coordinator.setCutOff(false),
      );
      // From here on reports wait, and each takes the place of the one before.
      stage.deploy('late', { replicas: 1 });
      await stage.after(seconds(1));
      stage.breaks('the power of its device goes for a moment', () => holder.losePower(500))();
      await stage.after(seconds(6));
      stage.must(stage.running('db').length === 1, 'it runs again, with a lease');
      over();
      await stage.settles(minutes(3));
      const { row } = [...(stage.world.seats.newest?.store.list('allocation') ?? [])].find((one) => one.row.spec.exclusive) ?? {};
      stage.must(row?.observed.restarts === 1, 'that it ended is told, though nobody heard that it waited for its lease');
    },
  },
  'a-coordinator-that-was-replaced-wakes-and-holds-the-device-of-an-exclusive-app': {
    devices: 2,
    async play(stage) {
      const holder = await withDbOn(stage, { disconnect: { lostAfterMs: seconds(20) } });
      const other = stage.devices.find((device) => device !== holder);
      assert(other, 'the scenario has two devices');
      const { seats, network } = stage.world;
      const [seat] = seats.all;
      // It goes on before its devices miss it: only the one that is cut off looks for a coordinator, and finds the new one.
      const over = stage.breaks('it is paused for a second, and another takes over its database', () =>
        seat.usurp(seconds(1), minutes(10)),
      );
      network.cut(other.identity.nodeId);
      await stage.after(minutes(5));
      const [where = '', ...more] = stage.running('db');
      stage.must(
        where.startsWith(other.identity.name) && more.length === 0,
        'its successor runs, alone, where the new coordinator hears of it',
      );
      seat.endZombies();
      over();
      await stage.settles(minutes(5));
      stage.must(stage.running('db').length === 1, 'one runs');
    },
  },
  'the-coordinator-is-away-longer-than-leases': {
    devices: 2,
    async play(stage) {
      stage.deploy('db', { replicas: 1, exclusive: true });
      stage.deploy('web', { replicas: 1 });
      stage.deploy('lamp', { replicas: 1, disconnect: { stopAfterMs: seconds(60) } });
      await stage.settles(minutes(3));
      const [coordinator] = stage.world.seats.all;
      const over = stage.breaks('the coordinator is away', () => coordinator.crash('silent', minutes(5)));
      await stage.after(minutes(3));
      stage.must(stage.running('db').length === 0, 'what has a lease has stopped');
      stage.must(stage.running('lamp').length === 0, 'what may not run alone has stopped');
      stage.must(stage.running('web').length === 1, 'what has none goes on');
      await stage.after(minutes(3));
      over();
      await stage.settles(minutes(5));
      stage.must(stage.running('db').length + stage.running('lamp').length === 2, 'both are back');
    },
  },
  'devices-restart-while-the-coordinator-is-away-longer-than-stop-after': {
    devices: 2,
    async play(stage) {
      stage.deploy('web', { replicas: 1 });
      stage.deploy('lamp', { replicas: 2, disconnect: { stopAfterMs: seconds(60) } });
      await stage.settles(minutes(3));
      const [coordinator] = stage.world.seats.all;
      const over = stage.breaks('the coordinator is away', () => coordinator.crash('silent', minutes(12)));
      await stage.after(minutes(2));
      stage.must(stage.running('lamp').length === 0, 'what may not run alone has stopped');
      const ends: readonly (readonly [what: string, act: (device: (typeof stage.devices)[number]) => void])[] = [
        ['the agents are killed', (device) => device.crash('reset', 1000)],
        ['the agents are stopped', (device) => device.restart()],
        ['the machines lose their power', (device) => device.losePower(seconds(20))],
        ['the machines are shut down', (device) => device.turnOff(seconds(20))],
      ];
      for (const [what, act] of ends) {
        stage.breaks(what, () => stage.devices.forEach(act))();
        const startsBefore = stage.starts;
        await stage.after(minutes(2));
        stage.must(stage.running('lamp').length === 0, `${what}, and what was stopped stays so`);
        stage.must(stage.starts - startsBefore <= 1, `${what}, and nothing but what may run was started`);
        stage.must(stage.running('web').length === 1, `${what}, and what may run alone runs`);
      }
      await stage.after(minutes(3));
      over();
      await stage.settles(minutes(5));
      stage.must(stage.running('lamp').length === 2, 'both run when a coordinator answers');
    },
  },
  'the-disk-of-a-device-is-full-while-a-replica-stops': {
    devices: 1,
    async play(stage) {
      stage.deploy('web', { replicas: 2, image: 'sim/slow:1', terminationGraceMs: 5000 });
      await stage.settles(minutes(3));
      const [device] = stage.devices;
      stage.update('web', { replicas: 1 });
      // It has begun to stop: that took the disk.
      await stage.after(seconds(1));
      const over = stage.breaks(
        'its disk is full',
        () => device?.disk.setFull(true),
        () => device?.disk.setFull(false),
      );
      await stage.after(seconds(3));
      over();
      await stage.settles(minutes(2));
      stage.must(stage.running('web').length === 1, 'one runs, and that the other ended is told');
    },
  },
} as const satisfies Record<string, Scenario>;
