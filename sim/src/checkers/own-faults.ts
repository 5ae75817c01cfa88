import type { TraceEvent } from '../trace.ts';

export const OWN_FAULTS = 'nobody logs a fault of our own';

/** A broken invariant, or a plan that its own validation refuses, is a bug whatever comes of it. */
export function findOwnFault(event: TraceEvent): string | undefined {
  if (event.cause?.includes('invariant broken')) return `${event.who}: ${event.cause}`;
  if (event.op === 'plan.apply' && event.outcome === 'refused') return `${event.who}: a plan broke a rule: ${String(event['violations'])}`;
  return undefined;
}
