import type { Checker, View } from './checker.ts';

/** What one program may have waiting at once; far more than any does, far less than a leak. */
const TIMERS_A_DEVICE = 400;
const TIMERS_OF_THE_REST = 600;
/** A new link and the one that it replaces; and a coordinator that stands still for ten minutes is dialled every ten seconds. */
const LINKS_A_DEVICE = 80;
/** Of one allocation, the one that ends included. */
const CONTAINERS_AN_ALLOCATION = 3;

function findExcess({ devices, waiting }: View, timersEach: number, linksEach: number): string | undefined {
  const timers = TIMERS_OF_THE_REST + timersEach * devices.length;
  if (waiting.timers > timers) return `${waiting.timers} timers wait, and ${timers} may`;
  for (const device of devices) {
    const links = waiting.linksOf(device);
    if (links > linksEach) return `${device.identity.name} has ${links} links, and ${linksEach} may be`;
    const counts = new Map<string, number>();
    for (const { allocationId } of device.engine.containers) {
      const count = (counts.get(allocationId) ?? 0) + 1;
      counts.set(allocationId, count);
      if (count > CONTAINERS_AN_ALLOCATION) return `${device.identity.name} holds ${count} containers of ${allocationId}`;
    }
  }
  return undefined;
}

/** Whatever happens, what waits is bounded; at rest it is no more than a device needs. */
export const limits: Checker = {
  name: 'every queue has a limit',
  look: (view) => findExcess(view, TIMERS_A_DEVICE, LINKS_A_DEVICE),
  atRest: (view) => findExcess(view, 100, 1),
};
