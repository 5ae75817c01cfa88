import type { Store, WriteBatch } from '@cloudless/db';

/**
 * Places at which a test kills the process, to prove that nothing is lost or doubled. `deploy` is the batch that makes a workload,
 * `placement` the one that makes an allocation, `report` the one that carries what an agent observed. `lease` is what a device is granted for an
 * exclusive replica; `migration` is each one that a start makes; `backup` and `move` are the commands.
 */
export const CRASH_POINTS = [
  'deploy.beforeCommit',
  'deploy.afterCommit',
  'placement.beforeCommit',
  'placement.afterCommit',
  'report.beforeCommit',
  'report.afterCommit',
  'people.beforeClaim',
  'people.afterClaim',
  'coordinator.beforeReady',
  'lease.beforeGrant',
  'lease.afterGrant',
  'migration.afterSnapshot',
  'migration.beforeCommit',
  'migration.duringCommit',
  'migration.afterCommit',
  'backup.beforeRename',
  'backup.afterRename',
  'move.beforeMark',
  'move.afterMark',
] as const;
export type CrashPointName = (typeof CRASH_POINTS)[number];

/** A port: does nothing in production. */
export type CrashPoint = (name: CrashPointName) => void;

export const isCrashPointName = (name: string): name is CrashPointName => (CRASH_POINTS as readonly string[]).includes(name);

export const noCrash: CrashPoint = () => undefined;

/** Calls `kill` when the point named `at` is passed. */
export const createCrashPoint =
  (at: string, kill: () => void): CrashPoint =>
  (name) => {
    if (name === at) kill();
  };

/** What a batch does: the one that makes a workload may place it too. */
function unitsOf({ mutations }: WriteBatch): readonly ('deploy' | 'placement' | 'report')[] {
  const puts = mutations.filter((mutation) => mutation.kind === 'put');
  const makes = (made: 'workload' | 'allocation'): boolean => puts.some(({ table, expect }) => table === made && expect === 'absent');
  const units = [...(makes('workload') ? (['deploy'] as const) : []), ...(makes('allocation') ? (['placement'] as const) : [])];
  return units.length === 0 && puts.some(({ table }) => table === 'allocation') ? ['report'] : units;
}

/** The same store, whose commits pass the crash points. */
export function withCrashPoints(store: Store, crashPoint: CrashPoint): Store {
  const commit: Store['commit'] = async (batch, signal) => {
    const units = unitsOf(batch);
    for (const unit of units) crashPoint(`${unit}.beforeCommit`);
    const outcome = await store.commit(batch, signal);
    if (outcome.kind === 'committed') for (const unit of units) crashPoint(`${unit}.afterCommit`);
    return outcome;
  };
  return Object.create(store, { commit: { value: commit } }) as Store;
}
