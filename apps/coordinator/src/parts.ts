import type { Cluster, CommitOutcome, SqlDriver, Store, WriteBatch } from '@cloudless/db';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import type { ProcedureInput, ProcedureOutput, Unplaced, WorkloadId } from '@cloudless/proto';
import type { BackupKeeper } from './backup/keep-backups.ts';
import type { Enrolment } from './enrolment/index.ts';
import type { Installer } from './install/create-installer.ts';
import type { NodeSessions } from './node-sessions/index.ts';
import type { People } from './people/people.ts';
import type { Counts } from './planner/index.ts';
import type { Staleness } from './lead.ts';
import type { ReachKeeper } from './reach/create-reach.ts';

/** What the control plane stands on. */
export type ControlPlaneParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Absent: devices are lost by their word alone, and no exclusive replica is ever known to have ended. */
  readonly counts?: Counts;
};

/** What the API stands on. */
export type ApiParts = Omit<ControlPlaneParts, 'counts'> & {
  readonly driver: SqlDriver;
  /** Of this release. */
  readonly version: string;
  readonly cluster: Cluster;
  readonly people: People;
  readonly sessions: NodeSessions;
  readonly enrolment: Enrolment;
  readonly reach: Pick<ReachKeeper, 'get' | 'check'>;
  readonly installer: Pick<Installer, 'commandsFor'>;
  /** Why slots of a workload have no device, as the control plane last found; the input that `computeStatus` takes beside the rows. */
  readonly unplacedOf: (workloadId: WorkloadId) => readonly Unplaced[];
  /** Calls back with the workloads of which `unplacedOf` says something else now. @returns a function that ends it */
  readonly onExplained: (listener: (workloadIds: readonly WorkloadId[]) => void) => () => void;
  /** Commits a batch that makes an app, and places it where that can be done at once. @throws CloudlessError as `Store.commit` */
  readonly deploy: (batch: WriteBatch) => Promise<CommitOutcome>;
  /** The port of the gateway for a new app that has a TCP port. @throws CloudlessError `port_taken` */
  readonly allocateGatewayPort: () => Promise<number>;
  /** Wall time since which what is read may be old; `undefined` while it is not. */
  readonly staleness: Staleness;
  readonly describeCluster: () => ProcedureOutput<'cluster.get'>;
  readonly backups: Pick<BackupKeeper, 'backUp'>;
  /** Looks at another store. */
  readonly checkStore: (input: ProcedureInput<'cluster.checkStore'>, signal: AbortSignal) => Promise<ProcedureOutput<'cluster.checkStore'>>;
  /** Asks the store. */
  readonly describeStatus: (signal: AbortSignal) => Promise<ProcedureOutput<'cluster.status'>>;
};
