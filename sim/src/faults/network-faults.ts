import type { End } from '../network.ts';
import type { Strike } from './fault.ts';

const BLOCKED: readonly (readonly End[])[] = [['agent', 'coordinator'], ['agent'], ['coordinator']];

/** Between devices and the coordinator. */
export const NETWORK_FAULTS = {
  'link.cut': ({ network }, { device: { identity } }) => network.cut(identity.nodeId),
  'link.partition': ({ draw, lasts, network }, { device: { identity } }) => {
    network.partition(identity.nodeId, { blocked: draw.pick(BLOCKED), holds: draw.happens(0.5) });
    lasts(draw.pick([2000, 20_000, 120_000]), () => network.heal());
  },
  'link.slow': ({ draw, lasts, network }, { device: { identity } }) => {
    network.slow(identity.nodeId, draw.pick([50, 400, 2000]));
    lasts(30_000, () => network.slow(identity.nodeId, 0));
  },
  /** Many leave at once: a router, a provider, a mains fuse. */
  'link.exodus': ({ draw, lasts, network, devices }) => {
    const blocked = draw.pick(BLOCKED);
    for (const { identity } of devices) if (draw.happens(0.6)) network.partition(identity.nodeId, { blocked, holds: false });
    lasts(40_000, () => network.heal());
  },
} as const satisfies Record<string, Strike>;
