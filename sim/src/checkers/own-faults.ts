import type { TraceEvent } from '../trace.ts';

export const OWN_FAULTS = 'nobody logs a fault of our own';

/** A broken invariant, or a plan that its own validation refuses, is a bug whatever comes of it. */
export function findOwnFault(event: TraceEvent): string | undefined {
  if (event.cause?.includes('invariant broken')) return `${event.who}: ${event.cause}`;
  if (event.op === 'plan.apply' && event.outcome === 'refused') return `${event.who}: a plan broke a rule: ${String(event['violations'])}`;
  return undefined;
}

export const KEPT_STATE = 'a device keeps what it made durable';

/** Files are damaged by disks that turn bits, and by nothing else: not by a kill, and not by the power. */
export function findLostState(event: TraceEvent, flippedOf: (name: string) => number): string | undefined {
  if (event.op !== 'state.load' || event.outcome !== 'failed' || flippedOf(event.who) > 0) return undefined;
  return `${event.who}: ${String(event['reason'])}, and no bit of its disk turned`;
}

export const PROTOCOLS = 'an agent is told nothing that its protocol does not know';

export const findNewerWord = (event: TraceEvent): string | undefined =>
  event.op === 'link.newer' ? `${String(event['node'])} speaks the protocol before, and was told ${String(event['word'])}` : undefined;
