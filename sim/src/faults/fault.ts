import type { Clock } from '@cloudless/kernel';
import type { Database } from '../database.ts';
import type { Device } from '../device.ts';
import type { Draw } from '../draw.ts';
import type { Network } from '../network.ts';
import type { PeerNetwork } from '../peers/peer-network.ts';
import type { Seats } from '../seats.ts';
import type { Seat } from '../seat.ts';

/** The world as faults see it: what can be broken. */
export type Breakable = {
  readonly clock: Clock;
  readonly draw: Draw;
  readonly devices: readonly Device[];
  readonly network: Network;
  readonly peers: PeerNetwork;
  readonly seats: Seats;
  readonly database: Database;
  /** Ends by itself after a while drawn about `meanMs`, or when the world heals. */
  lasts(meanMs: number, end: () => void): void;
};

/** What a fault strikes, as drawn: a device, a coordinator. */
export type Struck = { readonly device: Device; readonly seat: Seat };

/** Breaks something, now. */
export type Strike = (world: Breakable, struck: Struck) => void;

export const drawHow = (draw: Draw): 'reset' | 'silent' => (draw.happens(0.5) ? 'reset' : 'silent');
export const drawDownMs = (draw: Draw): number => draw.waitMs(draw.pick([500, 5000, 90_000]));
export const HOUR_MS = 3_600_000;
