import type { Scenario } from './scenarios.ts';
import { minutes, seconds } from './stage.ts';

export const STORE_SCENARIOS = {
  'the-store-commits-and-answers-nothing': {
    devices: 2,
    async play(stage) {
      const { people, database } = stage.world;
      people.start();
      await stage.after(minutes(2));
      const over = stage.breaks(
        'it commits, and its answers are lost',
        () => database.setMood('mute'),
        () => database.setMood('serves'),
      );
      await stage.after(seconds(30));
      over();
      await stage.after(minutes(2));
      people.stop();
      await stage.settles(minutes(15));
    },
  },
  'the-store-is-away-for-a-minute': {
    devices: 2,
    async play(stage) {
      stage.deploy('web', { replicas: 3 });
      await stage.settles(minutes(3));
      const { starts } = stage;
      const { database, history } = stage.world;
      const over = stage.breaks(
        'it answers nobody',
        () => database.setMood('away'),
        () => database.setMood('serves'),
      );
      const { reads } = history;
      stage.look();
      stage.deploy('late', { replicas: 1 });
      await stage.after(minutes(1));
      stage.must(history.reads > reads, 'reads go on');
      stage.must(stage.running('web').length === 3, 'what runs goes on');
      over();
      await stage.settles(minutes(5));
      stage.must(stage.starts - starts <= 1, 'nothing was started again');
    },
  },
  'the-disk-of-the-store-is-full': {
    devices: 2,
    async play(stage) {
      stage.deploy('web', { replicas: 2 });
      await stage.settles(minutes(3));
      const { database, history } = stage.world;
      const { acknowledged } = history;
      const over = stage.breaks(
        'it refuses writes',
        () => database.setMood('refuses'),
        () => database.setMood('serves'),
      );
      stage.update('web', { replicas: 4 });
      await stage.after(minutes(1));
      stage.must(history.acknowledged === acknowledged, 'a write that is not stored is not acknowledged');
      over();
      stage.update('web', { replicas: 3 });
      await stage.settles(minutes(3));
      stage.must(stage.running('web').length === 3, 'it takes writes again without a restart');
    },
  },
} as const satisfies Record<string, Scenario>;
