import type { End } from '../network.ts';
import type { Strike } from './fault.ts';

const BLOCKED: readonly (readonly End[])[] = [['agent', 'coordinator'], ['agent'], ['coordinator']];

const PARTED: readonly (readonly ('in' | 'out')[])[] = [['in', 'out'], ['in'], ['out']];

/** Between devices and the coordinator, and among coordinators. */
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
  /** From the others alone: people and the database are where they were. */
  'peers.parted': ({ draw, lasts, peers }, { seat }) => {
    peers.part(seat.name, { blocked: draw.pick(PARTED), holds: draw.happens(0.5) });
    lasts(draw.pick([2000, 20_000]), () => peers.heal());
  },
  /** The network of a coordinator's machine is gone: the others and the database with it. */
  'peers.alone': ({ draw, lasts, peers }, { seat }) => {
    peers.part(seat.name, { blocked: ['in', 'out'], holds: draw.happens(0.5) });
    seat.setCutOff(true);
    lasts(15_000, () => {
      peers.heal();
      seat.setCutOff(false);
    });
  },
  'peers.cut': ({ peers }, { seat }) => peers.cut(seat.name),
} as const satisfies Record<string, Strike>;
