import type { NodeId } from '@cloudless/proto';
import type { Scenario } from './scenarios.ts';
import { hours, minutes, seconds } from './stage.ts';

export const DEVICE_SCENARIOS = {
  '60-per-cent-of-devices-leave-at-once': {
    devices: 10,
    async play(stage) {
      stage.deploy('web', { replicas: 20 });
      await stage.settles(minutes(3));
      const { starts } = stage;
      const { network } = stage.world;
      const over = stage.breaks(
        'six of ten are cut off',
        () => {
          for (const { identity } of stage.devices.slice(0, 6))
            network.partition(identity.nodeId, { blocked: ['agent', 'coordinator'], holds: false });
        },
        () => network.heal(),
      );
      await stage.after(seconds(50));
      over();
      await stage.settles(minutes(2));
      stage.must(stage.running('web').length === 20, 'twenty replicas run');
      stage.must(stage.starts === starts, 'nobody was replaced for a cut of 50 s');
    },
  },
  'a-device-sleeps-for-8-hours': {
    devices: 3,
    isLong: true,
    async play(stage) {
      stage.deploy('web', { replicas: 3 });
      await stage.settles(minutes(3));
      const sleeper = stage.devices.find(({ engine }) => engine.containers.length > 0) ?? stage.devices[0];
      if (!sleeper) return;
      const over = stage.breaks(
        'the lid is closed',
        () => sleeper.sleep(),
        () => sleeper.wake(),
      );
      await stage.after(minutes(5));
      stage.must(stage.stateOf(sleeper) !== 'online', 'a device that sleeps is not shown as online');
      await stage.after(hours(8));
      over();
      await stage.after(seconds(20));
      stage.must(stage.stateOf(sleeper) === 'online', 'it is back within 20 s of waking');
      await stage.settles(minutes(3));
      stage.must(stage.running('web').length === 3, 'three replicas run, and not one more');
    },
  },
  'a-device-is-drained-until-a-deadline': {
    devices: 1,
    async play(stage) {
      stage.deploy('web', { replicas: 2 });
      await stage.settles(minutes(3));
      const [device] = stage.devices;
      if (!device) return;
      stage.drain(device, seconds(60));
      await stage.after(seconds(50));
      stage.must(stage.running('web').length === 2, 'what no other device takes stays until the deadline');
      await stage.after(minutes(1));
      stage.must(stage.running('web').length === 0, 'then it is stopped all the same');
      await stage.settles(minutes(3));
      stage.drain(device, 'no longer');
      await stage.after(seconds(5));
      await stage.settles(minutes(6));
      stage.must(stage.running('web').length === 2, 'a device that is lent again takes it back');
    },
  },
  'devices-are-updated-one-by-one': {
    devices: 3,
    previousShare: 1,
    async play(stage) {
      stage.deploy('web', { replicas: 3 });
      await stage.settles(minutes(3));
      stage.deploy('db', { replicas: 1, exclusive: true });
      const { starts } = stage;
      await stage.after(minutes(1));
      stage.must(stage.running('db').length === 0, 'what needs leases runs on no agent of the protocol before');
      for (const device of stage.devices) {
        device.update();
        await stage.after(seconds(30));
      }
      await stage.settles(minutes(6));
      stage.must(stage.running('db').length === 1, 'it runs once an agent knows them');
      stage.must(stage.starts === starts + 1, 'nothing else was started');
    },
  },
  'a-device-is-shut-down': {
    devices: 3,
    async play(stage) {
      // Nothing is replaced for its silence: only what it says can move anything.
      const disconnect = { lostAfterMs: hours(1) };
      stage.deploy('web', { replicas: 6, disconnect });
      stage.deploy('lamp', { replicas: 3, disconnect: { ...disconnect, replace: false } });
      await stage.settles(minutes(3));
      const [device] = stage.devices;
      if (!device) return;
      const { starts } = stage;
      stage.breaks('its agent is stopped', () => device.restart())();
      await stage.settles(minutes(2));
      stage.must(stage.starts === starts, 'an agent that is stopped moves nothing');
      const lamps = stage.running('lamp').filter((where) => !where.startsWith(device.identity.name)).length;
      const over = stage.breaks('it is shut down', () => device.turnOff(minutes(10)));
      await stage.after(minutes(3));
      stage.must(stage.stateOf(device) === 'left', 'it is shown as gone');
      stage.must(stage.running('web').length === 6, 'its replicas run elsewhere');
      stage.must(stage.running('lamp').length === lamps, 'what waits for it is not replaced');
      await stage.after(minutes(8));
      over();
      await stage.settles(minutes(3));
      stage.must(stage.running('web').length === 6 && stage.running('lamp').length === 3, 'as many run as were wanted');
    },
  },
  'a-clock-steps-to-1970': {
    devices: 2,
    async play(stage) {
      stage.deploy('web', { replicas: 2 });
      await stage.settles(minutes(3));
      const { starts } = stage;
      const [device] = stage.devices;
      if (!device) return;
      stage.breaks('its clock says 1970', () => device.machine.setWall1970())();
      await stage.after(minutes(2));
      device.restart();
      await stage.settles(minutes(3));
      stage.must(stage.starts === starts, 'nothing was started again');
      stage.update('web', { args: ['--draw=7'] });
      await stage.settles(minutes(3));
    },
  },
  'the-power-goes-everywhere': {
    devices: 4,
    async play(stage) {
      stage.deploy('web', { replicas: 4, image: 'sim/slow:1' });
      await stage.settles(minutes(3));
      const over = stage.breaks('the power goes', () => {
        for (const device of stage.devices) device.losePower(seconds(30));
        stage.world.seats.all[0].crash('silent', seconds(40));
      });
      await stage.after(minutes(1));
      over();
      await stage.settles(minutes(5));
      stage.must(stage.running('web').length === 4, 'everything runs again');
    },
  },
  'a-bit-of-the-held-state-turns': {
    devices: 1,
    async play(stage) {
      stage.deploy('web', { replicas: 3 });
      await stage.settles(minutes(3));
      const { starts } = stage;
      const [device] = stage.devices;
      device?.disk.flipBit();
      device?.disk.flipBit();
      stage.breaks('the agent is killed', () => device?.crash('reset', seconds(1)))();
      await stage.after(seconds(5));
      await stage.settles(minutes(2));
      stage.must(stage.starts === starts, 'what runs is adopted, and not started again');
    },
  },
  'the-disk-of-a-device-is-full': {
    devices: 1,
    async play(stage) {
      stage.deploy('web', { replicas: 1 });
      await stage.settles(minutes(3));
      const [device] = stage.devices;
      const over = stage.breaks(
        'its disk is full',
        () => device?.disk.setFull(true),
        () => device?.disk.setFull(false),
      );
      stage.update('web', { args: ['--draw=3'] });
      await stage.after(minutes(3));
      stage.must(stage.running('web').length === 1, 'what runs goes on');
      over();
      await stage.settles(minutes(3));
    },
  },
  'an-engine-never-answers-a-stop': {
    devices: 1,
    async play(stage) {
      stage.deploy('web', { replicas: 2, terminationGraceMs: 1000 });
      await stage.settles(minutes(3));
      const mood = stage.devices[0]?.engine.mood;
      if (!mood) return;
      const over = stage.breaks(
        'requests to stop hang',
        () => (mood.stopsHang = true),
        () => (mood.stopsHang = false),
      );
      stage.update('web', { replicas: 1 });
      await stage.after(seconds(20));
      over();
      await stage.settles(minutes(3));
      stage.must(stage.running('web').length === 1, 'it is asked again');
    },
  },
  'a-link-hears-and-cannot-speak': {
    devices: 2,
    async play(stage) {
      stage.deploy('web', { replicas: 2 });
      await stage.settles(minutes(3));
      const { starts } = stage;
      const { network } = stage.world;
      const [device] = stage.devices;
      if (!device) return;
      const over = stage.breaks(
        'what it says is lost',
        () => network.partition(device.identity.nodeId, { blocked: ['coordinator'], holds: false }),
        () => network.heal(),
      );
      await stage.after(seconds(30));
      stage.must(stage.stateOf(device) !== 'online', 'who is not heard is not online');
      over();
      await stage.after(seconds(15));
      stage.must(stage.stateOf(device) === 'online', 'it is back within 15 s');
      await stage.settles(minutes(2));
      stage.must(stage.starts === starts, 'nothing was started again');
    },
  },
  'a-wire-is-late-for-a-while': {
    devices: 4,
    async play(stage) {
      stage.deploy('web', { replicas: 4 });
      await stage.settles(minutes(3));
      const { starts, world } = stage;
      const rowOf = (nodeId: NodeId) => world.seats.running?.store.get('node', nodeId)?.row;
      const device = stage.devices.find(({ identity }) => rowOf(identity.nodeId)?.fingerprint?.link.type === 'wired');
      if (!device) return;
      const { nodeId } = device.identity;
      const over = stage.breaks('its agent stands still now and then', () => undefined);
      // For longer each time, and never for much longer than before.
      for (let stillMs = 400; stillMs <= 1200; stillMs += 200) {
        for (let time = 0; time < 6; time += 1) {
          device.pause();
          for (let passed = 0; passed < 1700; passed += 100) {
            if (passed === stillMs) device.resume();
            await stage.after(100);
            stage.must(stage.stateOf(device) === 'online', 'who is late as before is not accused');
          }
        }
      }
      over();
      await stage.after(minutes(2));
      const cut = stage.breaks(
        'it is cut off',
        () => world.network.partition(nodeId, { blocked: ['agent', 'coordinator'], holds: false }),
        () => world.network.heal(),
      );
      await stage.after(seconds(2));
      stage.must(stage.stateOf(device) === 'unreachable', 'who was punctual since is missed as soon as ever');
      cut();
      await stage.settles(minutes(2));
      stage.must(stage.starts === starts, 'nothing was started again');
    },
  },
} as const satisfies Record<string, Scenario>;
