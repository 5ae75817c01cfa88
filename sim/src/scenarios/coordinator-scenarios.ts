import type { Scenario } from './scenarios.ts';
import { hours, minutes, seconds, type Stage } from './stage.ts';

async function withWebOn(stage: Stage, replicas = 2): Promise<void> {
  stage.deploy('web', { replicas });
  await stage.settles(minutes(3));
}

/** From the leader's end to the first write of another: a lease, a look, a takeover. */
const TAKEOVER = seconds(8);

async function deployAfter(stage: Stage, ms: number): Promise<void> {
  await stage.after(ms);
  stage.deploy('late', { replicas: 1 });
  await stage.after(seconds(1));
  stage.must(stage.world.history.acknowledged === 2, 'another coordinator takes writes');
}

export const COORDINATOR_SCENARIOS = {
  'one-of-three-coordinators-is-paused-and-wakes': {
    devices: 3,
    coordinators: 3,
    async play(stage) {
      await withWebOn(stage);
      const { starts } = stage;
      const { leader } = stage.world.seats;
      const over = stage.breaks(
        'the leader is paused',
        () => leader?.pause(),
        () => leader?.resume(),
      );
      await deployAfter(stage, TAKEOVER);
      stage.must(stage.world.seats.leader !== leader, 'another leads');
      over();
      // What it wakes with is refused, by the store and by devices.
      await stage.settles(minutes(3));
      stage.must(stage.starts === starts + 1, 'nothing was started again');
    },
  },
  'the-leader-loses-the-store-and-keeps-its-devices': {
    devices: 3,
    coordinators: 2,
    async play(stage) {
      await withWebOn(stage);
      const { starts } = stage;
      const { leader } = stage.world.seats;
      const over = stage.breaks(
        'the leader is cut off from the store',
        () => leader?.setCutOff(true),
        () => leader?.setCutOff(false),
      );
      await deployAfter(stage, TAKEOVER);
      over();
      await stage.settles(minutes(3));
      stage.must(stage.starts === starts + 1, 'nothing was started again');
    },
  },
  'the-store-is-away-and-nobody-takes-over': {
    devices: 2,
    coordinators: 3,
    async play(stage) {
      await withWebOn(stage);
      const token = stage.world.seats.running?.token;
      const { database } = stage.world;
      const over = stage.breaks(
        'the store answers nobody',
        () => database.setMood('away'),
        () => database.setMood('serves'),
      );
      await stage.after(minutes(2));
      over();
      await stage.settles(minutes(3));
      stage.must(stage.world.seats.running?.token === token, 'a store that was away is no leader that died');
    },
  },
  'the-leader-is-stopped-in-order': {
    devices: 2,
    coordinators: 2,
    async play(stage) {
      await withWebOn(stage);
      stage.breaks('the leader is stopped', () => stage.world.seats.leader?.restart())();
      await deployAfter(stage, seconds(2));
      await stage.settles(minutes(3));
    },
  },
  'the-leader-is-paused-and-wakes': {
    devices: 3,
    async play(stage) {
      await withWebOn(stage);
      const { seats, people, history } = stage.world;
      const [seat] = seats.all;
      const { acknowledged } = history;
      const over = stage.breaks('it is paused, and another takes over its database', () => seat.usurp(seconds(20), minutes(10)));
      // People ask both of them; nothing that the old one says yes to may be lost, and it says yes to nothing.
      people.start();
      await stage.after(minutes(5));
      people.stop();
      seat.endZombies();
      over();
      await stage.settles(minutes(15));
      stage.must(history.acknowledged > acknowledged, 'the one that took over goes on for people');
    },
  },
  'the-coordinator-is-away-for-24-hours': {
    devices: 3,
    isLong: true,
    async play(stage) {
      await withWebOn(stage, 4);
      const { starts } = stage;
      const running = stage.running('web');
      const over = stage.breaks('the coordinator is away', () => stage.world.seats.all[0].crash('silent', hours(24)));
      await stage.after(hours(12));
      stage.must(stage.running('web').join() === running.join(), 'what ran goes on without a coordinator');
      await stage.after(hours(12) + seconds(5));
      over();
      await stage.settles(minutes(2));
      stage.must(stage.running('web').join() === running.join(), 'what ran is kept when the coordinator is back');
      stage.must(stage.starts === starts, 'nothing was started again');
    },
  },
  'a-container-crashes-while-the-coordinator-is-away': {
    devices: 2,
    async play(stage) {
      await withWebOn(stage, 1);
      const over = stage.breaks('the coordinator is away', () => stage.world.seats.all[0].crash('silent', hours(1)));
      await stage.after(minutes(10));
      const device = stage.devices.find(({ engine }) => engine.containers.length > 0);
      device?.engine.breakable.crash(device.engine.containers[0]?.containerId ?? '');
      await stage.after(minutes(1));
      stage.must(stage.running('web').length === 1, 'the agent starts it again by itself');
      await stage.after(hours(1));
      over();
      await stage.settles(minutes(2));
    },
  },
  'everybody-returns-at-once': {
    devices: 30,
    async play(stage) {
      await withWebOn(stage, 30);
      const { starts } = stage;
      const over = stage.breaks('the coordinator dies and is started again', () => stage.world.seats.all[0].crash('reset', seconds(2)));
      await stage.after(seconds(7));
      over();
      const online = stage.devices.filter((device) => stage.stateOf(device) === 'online').length;
      stage.must(online === stage.devices.length, `all devices are back within five seconds: ${online} are`);
      await stage.settles(minutes(1));
      stage.must(stage.starts === starts, 'nothing was started again');
    },
  },
  'an-update-on-a-device-that-is-full': {
    devices: 1,
    async play(stage) {
      const [room = 0] = [...(stage.world.seats.running?.store.list('node') ?? [])].map(({ row }) => row.allocatable.cpuMillicores);
      const requests = { cpuMillicores: Math.floor(room / 4), memoryBytes: 64 * 2 ** 20 };
      stage.deploy('web', { replicas: 4, resources: { requests, limits: {} } });
      await stage.settles(minutes(3));
      await stage.after(minutes(3));
      // One stops, its successor starts, and then the next.
      stage.update('web', { args: ['--draw=1'] });
      await stage.settles(minutes(3));
      stage.must(stage.running('web').length === 4, 'four replicas run again');
    },
  },
  'an-update-on-a-device-that-is-full-while-an-older-app-waits-for-room': {
    devices: 1,
    async play(stage) {
      const [room = 0] = [...(stage.world.seats.running?.store.list('node') ?? [])].map(({ row }) => row.allocatable.cpuMillicores);
      const resources = { requests: { cpuMillicores: Math.floor(room / 4), memoryBytes: 64 * 2 ** 20 }, limits: {} };
      stage.deploy('older', { replicas: 1, resources });
      await stage.settles(minutes(3));
      stage.deploy('web', { replicas: 3, resources });
      await stage.settles(minutes(3));
      stage.update('older', { replicas: 2 });
      await stage.after(minutes(3));
      stage.update('web', { args: ['--draw=1'] });
      await stage.settles(minutes(3));
      stage.must(stage.running('web').length === 3, 'three replicas run again, in the room that they had');
    },
  },
  'an-update-in-a-calm-world': {
    devices: 3,
    async play(stage) {
      await withWebOn(stage, 4);
      await stage.after(minutes(3));
      for (const args of [['--draw=1'], ['--draw=2'], ['--draw=3']]) {
        stage.update('web', { args });
        await stage.settles(minutes(3));
        stage.must(stage.running('web').length === 4, 'four replicas run again');
      }
    },
  },
} as const satisfies Record<string, Scenario>;
