import type { Coordinator } from './coordinator.ts';
import { inParallel, startFleet, type Fleet, type FleetDevice } from './fleet.ts';

export type FleetOptions = {
  readonly devices: number;
  /** Devices that join it afterwards. */
  readonly later?: number;
  readonly link: 'wired' | 'wifi' | 'mobile';
  /** Joins that are on their way at once. */
  readonly atOnce: number;
};

export type Assembled = AsyncDisposable & {
  readonly fleet: Fleet;
  readonly devices: readonly FleetDevice[];
  /** From the first join token to the last device online. */
  readonly joiningMs: number;
};

/** A fleet whose devices have all joined by a token each and are online. */
export async function assembleFleet(coordinator: Coordinator, options: FleetOptions): Promise<Assembled> {
  const fleet = startFleet(options.devices + (options.later ?? 0));
  const devices: FleetDevice[] = [];
  try {
    const startedAt = performance.now();
    await inParallel(options.devices, options.atOnce, async (index) => {
      devices[index] = await joinDevice(coordinator, fleet, index, options.link);
    });
    return { fleet, devices, joiningMs: performance.now() - startedAt, [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose]() };
  } catch (cause) {
    await fleet[Symbol.asyncDispose]();
    throw cause;
  }
}

export async function joinDevice(
  coordinator: Coordinator,
  fleet: Fleet,
  index: number,
  link: 'wired' | 'wifi' | 'mobile',
  viaProxy = false,
): Promise<FleetDevice> {
  const name = `sim-${String(index).padStart(4, '0')}`;
  const { token } = await coordinator.client.node.createJoinToken({ name });
  return fleet.join(index, { url: coordinator.agentUrl, name, token, link, viaProxy });
}
