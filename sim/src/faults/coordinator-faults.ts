import { drawDownMs, drawHow, HOUR_MS, type Strike } from './fault.ts';

/** Coordinators, their machines, and their database. */
export const COORDINATOR_FAULTS = {
  'coordinator.crash': ({ draw }, { seat }) => seat.crash(drawHow(draw), drawDownMs(draw)),
  'coordinator.crashAtWrite': ({ draw, database }, { seat }) => {
    const [manner, downMs] = [drawHow(draw), drawDownMs(draw)];
    database.crashAt(draw.pick(['before', 'after'] as const), () => seat.crash(manner, downMs));
  },
  'coordinator.restart': (_world, { seat }) => seat.restart(),
  'coordinator.pause': ({ lasts }, { seat }) => {
    seat.pause();
    lasts(8000, () => seat.resume());
  },
  'coordinator.sleep': ({ lasts }, { seat }) => {
    seat.sleep();
    lasts(60_000, () => seat.wake());
  },
  'coordinator.clockStep': ({ draw, lasts }, { seat }) => {
    seat.machine.setWallOff(draw.between(-3 * HOUR_MS, 3 * HOUR_MS));
    lasts(300_000, () => seat.machine.setWallOff(0));
  },
  'coordinator.usurped': ({ draw }, { seat }) => seat.usurp(draw.waitMs(4000), draw.waitMs(15_000)),
  'coordinator.cutOff': ({ lasts }, { seat }) => {
    seat.setCutOff(true);
    lasts(8000, () => seat.setCutOff(false));
  },
  'store.full': ({ lasts, database }) => {
    database.setMood('refuses');
    lasts(8000, () => database.setMood('serves'));
  },
  'store.away': ({ lasts, database }) => {
    database.setMood('away');
    lasts(12_000, () => database.setMood('serves'));
  },
  'store.mute': ({ lasts, database }) => {
    database.setMood('mute');
    lasts(4000, () => database.setMood('serves'));
  },
  'store.slow': ({ draw, lasts, database }) => {
    database.setSlow(draw.pick([100, 1500]));
    lasts(20_000, () => database.setSlow(0));
  },
  'store.answerLost': ({ draw, database }) => database.loseAnswer(draw.happens(0.5) ? 'happened' : 'never'),
} as const satisfies Record<string, Strike>;
