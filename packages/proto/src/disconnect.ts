import { z } from 'zod';
import { durationMsSchema } from './time.ts';

const DAY_MS = 86_400_000;
/** Silence after which a device counts as lost where no app says otherwise. */
export const LOST_AFTER_MS = 60_000;
/** The lease of an exclusive replica that names none. */
export const DEFAULT_LEASE_MS = 30_000;
/** A shorter one would end between two renewals of a phone. */
const MIN_LEASE_MS = 15_000;
const MAX_LEASE_MS = 3_600_000;

/** What happens to replicas of a device that is away, after Nomad's block of that name (ADR 0010). */
export const disconnectSchema = z.strictObject({
  /** Silence of a device after which its replicas are replaced elsewhere, at the earliest when it is called unreachable: 1.1 to 3 s of a wired one. */
  lostAfterMs: durationMsSchema
    .min(1000, 'is shorter than 1 s')
    .max(30 * DAY_MS, 'is longer than 30 days')
    .default(LOST_AFTER_MS),
  /** How long a device that reaches no coordinator keeps it running; 0: for ever. Of an exclusive app, its lease; 0: 30 s. */
  stopAfterMs: durationMsSchema.max(30 * DAY_MS, 'is longer than 30 days').default(0),
  /** `false`: nothing is replaced because its device is away, however long. */
  replace: z.boolean().default(true),
  /** Which copy stays when the device of a replaced replica comes back. */
  reconcile: z.enum(['keepOriginal', 'longestRunning', 'keepReplacement']).default('longestRunning'),
});
export type DisconnectPolicy = z.infer<typeof disconnectSchema>;

type Leased = { readonly exclusive: boolean; readonly disconnect: DisconnectPolicy };

/** What is wrong with the lease that an exclusive app asks for, or nothing. */
export function checkLease({ exclusive, disconnect: { stopAfterMs } }: Leased): string | undefined {
  if (!exclusive || stopAfterMs === 0 || (stopAfterMs >= MIN_LEASE_MS && stopAfterMs <= MAX_LEASE_MS)) return undefined;
  return 'of an exclusive app is its lease: 15 s to 1 h, or 0 for 30 s';
}

/** How long an exclusive replica may run on one grant, by its holder's count from asking. */
export const leaseMsOf = ({ disconnect }: Pick<Leased, 'disconnect'>): number => disconnect.stopAfterMs || DEFAULT_LEASE_MS;

/** Two clocks count a lease, and each may be off by 1 %. */
const DRIFT = 0.02;
/** From the end of the grace to a container that is dead, with a slow engine. */
const KILL_MS = 5000;

/** After answering a grant, when the replica has surely ended: its lease, the drift of two clocks, its grace and a kill. */
export const fencedAfterMs = (spec: Pick<Leased, 'disconnect'> & { readonly terminationGraceMs: number }): number =>
  Math.ceil(leaseMsOf(spec) * (1 + DRIFT)) + spec.terminationGraceMs + KILL_MS;
