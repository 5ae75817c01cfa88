import type { Seat } from '../seat.ts';
import type { Scenario } from './scenarios.ts';
import { minutes, seconds, type Stage } from './stage.ts';

/** One that stands by, and knows the leader: it has had a second to meet it. */
async function meetStandby(stage: Stage): Promise<{ readonly leader: Seat; readonly standby: Seat }> {
  stage.deploy('web');
  await stage.settles(minutes(3));
  const { all, leader } = stage.world.seats;
  const standby = all.find((seat) => seat !== leader);
  if (!leader || !standby) throw new Error('one leads, and another stands by');
  return { leader, standby };
}

/** Calls through standbys, and the links on which they travel. */
export const STANDBY_SCENARIOS = {
  'people-ask-a-standby': {
    devices: 2,
    coordinators: 2,
    async play(stage) {
      const { standby } = await meetStandby(stage);
      stage.look(standby);
      stage.update('web', { replicas: 3 }, standby);
      await stage.after(seconds(2));
      stage.look(standby);
      stage.deploy('late', { replicas: 1 }, standby);
      await stage.after(seconds(2));
      stage.look(standby);
      await stage.settles(minutes(3));
      const { acknowledged, reads } = stage.world.history;
      stage.must(acknowledged === 3 && reads === 4, `the leader answers through it: ${acknowledged} writes, ${reads} reads`);
      stage.must(stage.running('web').length === 3, 'what was asked for at a standby runs');
    },
  },
  'the-leader-dies-while-a-change-is-passed-on': {
    devices: 2,
    coordinators: 3,
    async play(stage) {
      const { leader, standby } = await meetStandby(stage);
      stage.world.database.crashAt('after', () => leader.crash('reset', seconds(20)));
      const over = stage.breaks('the leader dies right after the write', () => stage.update('web', { replicas: 3 }, standby));
      await stage.after(seconds(10));
      stage.must(stage.world.seats.leader !== leader, 'another leads');
      stage.look(standby);
      over();
      await stage.settles(minutes(5));
      stage.must(stage.running('web').length === 3, 'the change was stored');
    },
  },
  'a-standby-is-parted-from-the-leader': {
    devices: 2,
    coordinators: 2,
    async play(stage) {
      const { standby } = await meetStandby(stage);
      const { peers, seats, history } = stage.world;
      const token = seats.running?.token;
      const over = stage.breaks(
        'what one sends the other is lost',
        () => peers.part(standby.name, { blocked: ['in', 'out'], holds: false }),
        () => peers.heal(),
      );
      stage.update('web', { replicas: 3 }, standby);
      await stage.after(seconds(10));
      // By now it knows that it reaches nobody, and says so.
      stage.update('web', { replicas: 4 }, standby);
      await stage.after(minutes(2));
      stage.must(history.acknowledged === 1, 'nothing is said to be done');
      over();
      await stage.after(seconds(10));
      stage.update('web', { replicas: 1 }, standby);
      await stage.settles(minutes(3));
      stage.must(stage.running('web').length === 1, 'it passes on again');
      stage.must(seats.running?.token === token, 'a leader that renews its lease is not replaced');
    },
  },
  'the-network-of-the-leader-is-gone': {
    devices: 3,
    coordinators: 3,
    async play(stage) {
      const { leader } = await meetStandby(stage);
      const { starts } = stage;
      const over = stage.breaks(
        'neither the store nor another coordinator hears of it',
        () => {
          stage.world.peers.part(leader.name, { blocked: ['in', 'out'], holds: false });
          leader.setCutOff(true);
        },
        () => {
          stage.world.peers.heal();
          leader.setCutOff(false);
        },
      );
      await stage.after(seconds(20));
      stage.must(stage.world.seats.leader !== leader, 'another leads');
      const online = stage.devices.filter((device) => stage.stateOf(device) === 'online').length;
      stage.must(online === stage.devices.length, `its devices have gone to the other: ${online} are there`);
      over();
      await stage.settles(minutes(3));
      stage.must(stage.starts === starts, 'nothing was started again');
    },
  },
} as const satisfies Record<string, Scenario>;
