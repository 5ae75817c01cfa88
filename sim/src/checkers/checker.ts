import type { CommittedBatch, Store } from '@cloudless/db';
import type { WorkloadId } from '@cloudless/proto';
import type { Device } from '../device.ts';
import type { Stopped } from '../engine.ts';
import type { History } from '../history.ts';

/** The world as a checker sees it: what is, never how it came about. */
export type View = {
  readonly devices: readonly Pick<Device, 'identity' | 'engine' | 'disk' | 'machine'>[];
  readonly history: History;
  /** Of the coordinator that runs; absent while none does. */
  readonly store: Store | undefined;
  /** Of the one that ran last: what agents may know is in it, or older. */
  readonly newestStore: Store | undefined;
  /** What agents asked to end since the last look. */
  readonly stopped: readonly (Stopped & { readonly device: Pick<Device, 'identity' | 'engine'> })[];
  /** Whether a slot is known to have no device, and why is told. */
  readonly isExplained: (workloadId: WorkloadId, slot: number) => boolean;
  /** Coordinators that have a lease, alive, and whether each holds the lead by its own count. */
  readonly leaders: readonly { readonly name: string; readonly token: number; readonly holds: boolean }[];
  /** World time in ms. */
  readonly nowMs: number;
  /** What a wall clock that is right says. */
  readonly wallMs: number;
  /** For so long nothing went wrong and nothing got well. */
  readonly calmMs: number;
  /** Timers that wait, and open links of each device. */
  readonly waiting: { readonly timers: number; readonly linksOf: (device: Pick<Device, 'identity'>) => number };
};

/** Says what is wrong, or nothing. Apart from the code that it checks: it shares no decision with it. */
export type Checker = {
  readonly name: string;
  /** After everything that happened anywhere. */
  readonly look?: (view: View) => string | undefined;
  /** After each committed batch, before anybody acts on it. */
  readonly onCommit?: (batch: CommittedBatch, store: Store) => string | undefined;
  /** When the world is healed and has had its time. */
  readonly atRest?: (view: View) => string | undefined;
  /** Once, when all is over. */
  readonly atEnd?: (view: View) => string | undefined;
};
