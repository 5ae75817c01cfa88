import type { FakeImage } from '@cloudless/agent/fake';

/** How an engine treats images and requests, apart from being there or not. Faults change it. */
export type EngineMood = {
  /** Flaky images end soon after each start. */
  flaps: boolean;
  /** Pulls and starts take so many times as long. */
  slowBy: number;
  /** Requests to stop, kill or remove get no answer, ever. */
  stopsHang: boolean;
};

type Behaviour = Pick<FakeImage, 'pullMs' | 'startMs' | 'stopMs'>;

/** Images of the world and how they behave. */
const IMAGES: Readonly<Record<string, Behaviour>> = {
  'sim/quick:1': { pullMs: 0, startMs: 30, stopMs: 20 },
  'sim/slow:1': { pullMs: 4000, startMs: 2500, stopMs: 1500 },
  'sim/stubborn:1': { pullMs: 500, startMs: 200, stopMs: 60_000 },
  'sim/flaky:1': { pullMs: 200, startMs: 100, stopMs: 100 },
};
export const IMAGE_NAMES: readonly string[] = Object.keys(IMAGES);

const FLAP_AFTER_MS = 1500;

export function imageOf(name: string, { flaps, slowBy }: EngineMood): Partial<FakeImage> | undefined {
  const known = IMAGES[name];
  if (!known) return undefined;
  const { pullMs, startMs, stopMs } = known;
  const exits = { afterMs: FLAP_AFTER_MS, exit: { code: 1, oomKilled: false } };
  return { pullMs: pullMs * slowBy, startMs: startMs * slowBy, stopMs, ...(flaps && name === 'sim/flaky:1' ? { exits } : {}) };
}
