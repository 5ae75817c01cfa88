import type { NodeId } from '@cloudless/proto';
import type { Return } from './light-device.ts';

/** Between a benchmark and the process that holds its simulated devices. Times are of `monotonicMs`. */
export type FleetOrder =
  | {
      readonly kind: 'join';
      readonly index: number;
      readonly url: string;
      readonly name: string;
      readonly token: string;
      readonly link: 'wired' | 'wifi' | 'mobile';
      /** Through a proxy of its own, which `cut` makes silent. */
      readonly viaProxy: boolean;
    }
  /** The device says goodbye. */
  | { readonly kind: 'leave'; readonly index: number }
  /** From now on nothing passes in either direction, and neither end is told. */
  | { readonly kind: 'cut'; readonly index: number }
  | { readonly kind: 'close'; readonly index: number };

export type Told = {
  readonly at: number;
  /** Name of the app, once for each replica that the device was told to run. */
  readonly apps: readonly string[];
};

export type FleetNews =
  /** It has its certificate. */
  | { readonly kind: 'joined'; readonly index: number; readonly nodeId: NodeId; readonly at: number }
  /** It was welcomed and has been told all that it should hold: at first, and whenever it is back. */
  | { readonly kind: 'online'; readonly index: number; readonly at: number; readonly how: Return }
  /** Streams reach it, too. */
  | { readonly kind: 'reachable'; readonly index: number; readonly at: number }
  | { readonly kind: 'failed'; readonly index: number; readonly reason: string }
  /** `at`: when the order was carried out. */
  | { readonly kind: 'done'; readonly index: number; readonly at: number }
  | { readonly kind: 'told'; readonly told: readonly Told[] };

/** Of all processes of one machine the same clock: CLOCK_MONOTONIC, ms. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
