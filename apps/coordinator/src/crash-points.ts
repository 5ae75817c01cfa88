/**
 * Places at which a test kills the process, to prove that nothing is lost or doubled. Each is passed once a unit of work; the
 * names are the list that those tests walk.
 */
export const CRASH_POINTS = [
  'store.beforeCommit',
  'store.afterCommit',
  'people.beforeClaim',
  'people.afterClaim',
  'gateway.afterListen',
  'coordinator.beforeReady',
] as const;
export type CrashPointName = (typeof CRASH_POINTS)[number];

/** A port: does nothing in production. */
export type CrashPoint = (name: CrashPointName) => void;

export const isCrashPointName = (name: string): name is CrashPointName => (CRASH_POINTS as readonly string[]).includes(name);

export const noCrash: CrashPoint = () => undefined;

/** Calls `kill` when the point named `at` is passed. */
export const createCrashPoint =
  (at: string | undefined, kill: () => void): CrashPoint =>
  (name) => {
    if (name === at) kill();
  };
