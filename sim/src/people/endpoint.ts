import type { ControlPlane } from '@cloudless/coordinator';
import type { Store } from '@cloudless/db';
import type { Incarnation } from '../incarnation.ts';

/** A coordinator that answers: its life, and the store that its API serves from. */
export type Endpoint = {
  readonly life: Incarnation;
  readonly store: Store;
  readonly deploy: ControlPlane['deploy'];
  /** Whether its reads are of now, by its own count. */
  readonly isConfirmed: () => boolean;
};
