import { isDeepStrictEqual } from 'node:util';
import {
  ALLOCATION_PHASES,
  isTerminalPhase,
  type AllocationObserved,
  type AllocationPhase,
  type AllocationRow,
  type EventKind,
} from '@cloudless/proto';

export type ReportEvent = {
  readonly kind: EventKind;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly params: Readonly<Record<string, string | number>>;
};
export type MergedReport = { readonly observed: AllocationObserved; readonly events: readonly ReportEvent[] };

const rank = (phase: AllocationPhase): number => ALLOCATION_PHASES.indexOf(phase);

/**
 * What a report makes of an allocation. Phases only move forward and a terminal one is final, so that a report that was delayed or
 * comes again changes nothing. Pure.
 *
 * @returns `undefined` when nothing changes
 */
export function mergeReport(row: AllocationRow, reported: AllocationObserved): MergedReport | undefined {
  const before = row.observed;
  if (reported.generation < before.generation || isTerminalPhase(before.phase) || rank(reported.phase) < rank(before.phase))
    return undefined;
  // The count of restarts survives an agent that lost its state.
  const observed = { ...reported, restarts: Math.max(before.restarts, reported.restarts) };
  if (isDeepStrictEqual(before, observed)) return undefined;
  return { observed, events: describe(row, observed) };
}

function describe(row: AllocationRow, observed: AllocationObserved): ReportEvent[] {
  const before = row.observed;
  const cause = observed.cause;
  const params = {
    ...cause.params,
    workload: row.workloadName,
    slot: row.slot,
    code: cause.code,
    cause: cause.message,
    restarts: observed.restarts,
    ...(observed.exit ? { exitCode: observed.exit.code } : {}),
  };
  const name = `${row.workloadName}[${row.slot}]`;
  const events: ReportEvent[] = [];
  const say = (kind: EventKind, severity: ReportEvent['severity'], what: string): void => {
    events.push({ kind, severity, message: `${name} ${what}: ${cause.message}`, params });
  };
  const enters = (phase: AllocationPhase): boolean => observed.phase === phase && before.phase !== phase;
  if (enters('pulling')) say('allocation.pulling', 'info', 'pulls its image');
  if (enters('running')) say('allocation.started', 'info', 'started');
  if (observed.restarts > before.restarts) say('allocation.restarted', 'warning', 'was restarted');
  if (observed.ready && !before.ready) say('allocation.ready', 'info', 'is ready');
  if (enters('failed')) say('allocation.failed', 'error', 'failed');
  if (enters('stopped')) say('allocation.stopped', 'info', 'stopped');
  return events;
}
