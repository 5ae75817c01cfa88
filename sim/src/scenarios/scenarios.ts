import { COORDINATOR_SCENARIOS } from './coordinator-scenarios.ts';
import { DEVICE_SCENARIOS } from './device-scenarios.ts';
import { LEASE_SCENARIOS } from './lease-scenarios.ts';
import type { Stage } from './stage.ts';
import { STANDBY_SCENARIOS } from './standby-scenarios.ts';
import { STORE_SCENARIOS } from './store-scenarios.ts';

export type Scenario = {
  readonly devices: number;
  readonly coordinators?: number;
  /** Of the devices, so many have an agent of the protocol before. */
  readonly previousShare?: number;
  /** A day costs seconds: played once by the tests. */
  readonly isLong?: boolean;
  readonly play: (stage: Stage) => Promise<void>;
};

/** Worlds in which one thing happens, in words. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...COORDINATOR_SCENARIOS,
  ...DEVICE_SCENARIOS,
  ...LEASE_SCENARIOS,
  ...STANDBY_SCENARIOS,
  ...STORE_SCENARIOS,
};
