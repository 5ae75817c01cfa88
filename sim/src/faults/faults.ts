import type { Clock } from '@cloudless/kernel';
import type { Trace } from '../trace.ts';
import { COORDINATOR_FAULTS } from './coordinator-faults.ts';
import { DEVICE_FAULTS } from './device-faults.ts';
import type { Breakable, Strike } from './fault.ts';
import { NETWORK_FAULTS } from './network-faults.ts';

/** What can go wrong. Each seed draws which of these it has, and how often. */
const FAULTS = { ...DEVICE_FAULTS, ...NETWORK_FAULTS, ...COORDINATOR_FAULTS } satisfies Record<string, Strike>;
export type FaultKind = keyof typeof FAULTS;
const KINDS = Object.keys(FAULTS) as FaultKind[];

export interface Faults {
  start(): void;
  /** No more faults, and all that lasts is over. */
  heal(): void;
  /** How many there were, by kind. */
  readonly counts: ReadonlyMap<FaultKind, number>;
  /** When something last went wrong or got well, in boot time. */
  readonly shakenAtMs: number;
  /** Something went wrong or got well that no draw decided. */
  shake(): void;
  /** As `shake`, and the world is not whole until the answer is called. */
  hold(): () => void;
}

export type FaultsOptions = Omit<Breakable, 'lasts'> & { readonly clock: Clock; readonly trace: Trace };

export function createFaults({ trace, ...parts }: FaultsOptions): Faults {
  const { clock, draw, devices, network, peers, seats, database } = parts;
  const meanWaitMs = draw.pick([3000, 15_000, 60_000]);
  const share = draw.pick([0.1, 0.3, 0.5]);
  const kinds = KINDS.flatMap((kind) => (draw.happens(share) ? Array.from({ length: draw.between(1, 4) }, () => kind) : []));
  const lasting = new Set<() => void>();
  const counts = new Map<FaultKind, number>();
  let isOver = true;
  let held = 0;
  let shakenAtMs = clock.bootMs();

  const shake = (): void => {
    shakenAtMs = clock.bootMs();
  };
  const world: Breakable = {
    ...parts,
    lasts(meanMs, end) {
      lasting.add(end);
      clock.setTimer(draw.waitMs(meanMs), () => {
        if (!lasting.delete(end)) return;
        shake();
        end();
      });
    },
  };

  function wait(): void {
    clock.setTimer(draw.waitMs(meanWaitMs), () => {
      if (isOver || kinds.length === 0) return;
      const kind = draw.pick(kinds);
      // The one that leads is worth half of the faults.
      const seat = (draw.happens(0.5) ? seats.leader : undefined) ?? draw.pick(seats.all);
      const device = draw.pick(devices);
      trace.note('fault', { op: kind, device: device.identity.name, coordinator: seat.name });
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      shake();
      const strike: Strike = FAULTS[kind];
      strike(world, { device, seat });
      wait();
    });
  }

  return {
    counts,
    get shakenAtMs() {
      return lasting.size + held > 0 ? clock.bootMs() : shakenAtMs;
    },
    shake,
    hold() {
      held += 1;
      return () => {
        held -= 1;
        shake();
      };
    },
    start() {
      isOver = false;
      trace.note('fault', { op: 'drawn', kinds: [...new Set(kinds)], meanWaitMs });
      wait();
    },
    heal() {
      isOver = true;
      shake();
      for (const end of lasting) end();
      lasting.clear();
      network.heal();
      peers.heal();
      database.heal();
      seats.heal();
      for (const device of devices) {
        device.wake();
        device.resume();
        device.start();
      }
    },
  };
}
