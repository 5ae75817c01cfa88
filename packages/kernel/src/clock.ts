/** A pending timer. `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as a port. Production passes the real one (`@cloudless/kernel/node`), tests and the simulator a manual one.
 */
export interface Clock {
  /** Wall time in ms since the epoch. For people and records, never for order or leases. */
  now(): number;
  /** Boot time in ms: monotonic and, where the platform tells, counts suspend. For leases, deadlines and ages. */
  bootMs(): number;
  /** Calls `fire` once after `delayMs`. */
  setTimer(delayMs: number, fire: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
