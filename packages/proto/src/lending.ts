import { z } from 'zod';
import { projectIdSchema } from './ids.ts';
import { causeSchema, instantSchema } from './time.ts';

/** Windows of hours in one rule. */
export const MAX_LENDING_HOURS = 14;

/** ISO weekday, 1 is Monday; minutes since midnight of the device's own clock. `until` before `from` runs past midnight. */
export const lendingHoursSchema = z.strictObject({
  days: z.array(z.int().min(1).max(7)).min(1, 'names no day').max(7),
  fromMinute: z.int().min(0).max(1439),
  untilMinute: z.int().min(0).max(1440),
});
export type LendingHours = z.infer<typeof lendingHoursSchema>;

/**
 * What an owner lends of a device, and when. The device's own agent enforces it, with or without a coordinator. An empty rule lends
 * everything always. Only people write it; `node.lending` is its row.
 */
export const lendingRuleSchema = z.strictObject({
  /** Ceilings; the device keeps its own reserve besides. */
  cpuMillicores: z.int().min(100).optional(),
  memoryBytes: z
    .int()
    .min(64 * 2 ** 20)
    .optional(),
  /** Of the disk, for what containers write; the device keeps to it by measuring. */
  storageBytes: z
    .int()
    .min(256 * 2 ** 20)
    .optional(),
  /** Lends in these hours only; always when absent. */
  hours: z.array(lendingHoursSchema).min(1).max(MAX_LENDING_HOURS).optional(),
  mainsOnly: z.boolean().optional(),
  /** On battery only above this charge. */
  batteryAtLeastPercent: z.int().min(1).max(100).optional(),
  unmeteredOnly: z.boolean().optional(),
  /** Names of networks (a Wi-Fi's SSID) on which it lends. */
  networks: z.array(z.string().min(1).max(64)).min(1).max(32).optional(),
  /** Lends when nobody has used the machine for so long, where its system tells. */
  idleMinutes: z.int().min(1).max(1440).optional(),
  /** Apps of these projects only. */
  projects: z.array(projectIdSchema).min(1).max(64).optional(),
  /** The owner took the machine back; nothing runs until it is resumed. */
  pausedAt: instantSchema.optional(),
});
export type LendingRule = z.infer<typeof lendingRuleSchema>;

/** Code of the cause of what was stopped because its device does not lend now: no failure of the app. */
export const WITHHELD = 'lending_withheld';

/** What the agent found when it last judged the rule. */
export const lendingVerdictSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('lending') }),
  /** Each condition that does not hold: `paused`, `hours`, `mains`, `battery`, `metered`, `network`, `idle`. */
  z.strictObject({ state: z.literal('withheld'), causes: z.array(causeSchema).min(1).max(16) }),
]);
export type LendingVerdict = z.infer<typeof lendingVerdictSchema>;
