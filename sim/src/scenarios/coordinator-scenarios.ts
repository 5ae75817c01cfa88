import type { Scenario } from './scenarios.ts';
import { hours, minutes, seconds, type Stage } from './stage.ts';

async function withWebOn(stage: Stage, replicas = 2): Promise<void> {
  stage.deploy('web', { replicas });
  await stage.settles(minutes(3));
}

export const COORDINATOR_SCENARIOS = {
  'the-leader-is-paused-and-wakes': {
    devices: 3,
    async play(stage) {
      await withWebOn(stage);
      const { seat, people, history } = stage.world;
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
    async play(stage) {
      await withWebOn(stage, 4);
      const { starts } = stage;
      const running = stage.running('web');
      const over = stage.breaks('the coordinator is away', () => stage.world.seat.crash('silent', hours(24)));
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
      const over = stage.breaks('the coordinator is away', () => stage.world.seat.crash('silent', hours(1)));
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
      const over = stage.breaks('the coordinator dies and is started again', () => stage.world.seat.crash('reset', seconds(2)));
      await stage.after(seconds(7));
      over();
      const online = stage.devices.filter((device) => stage.stateOf(device) === 'online').length;
      stage.must(online === stage.devices.length, `all devices are back within five seconds: ${online} are`);
      await stage.settles(minutes(1));
      stage.must(stage.starts === starts, 'nothing was started again');
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
