/** `out`: from who dialled to the target. `back`: what the target answers. */
export type Direction = 'out' | 'back';

/** What a network does to one direction. Absent fields do nothing. */
export type Weather = {
  readonly delayMs?: number;
  /** Added to each delay: uniform from 0 to this. TCP keeps the order, UDP does not. */
  readonly jitterMs?: number;
  /**
   * Chance that a segment or datagram is lost. A datagram is gone. A segment is sent again after `retransmitMs`, doubled each time, and
   * what is behind it waits: that is all of a loss that a program over TCP sees.
   */
  readonly loss?: number;
  /** Default 200, the least that Linux waits for an acknowledgement (`TCP_RTO_MIN`). */
  readonly retransmitMs?: number;
  readonly bytesPerSecond?: number;
  /**
   * Nothing passes and nobody is told: a partition, in this direction. What TCP was given meanwhile arrives afterwards, as what it sends
   * again does; datagrams are gone.
   */
  readonly isBlocked?: boolean;
  /** UDP: chance that a datagram comes twice. */
  readonly duplicate?: number;
  /** UDP: chance that a datagram is held back by `reorderMs` (default 20), so that later ones overtake it. */
  readonly reorder?: number;
  readonly reorderMs?: number;
};

export const CLEAR: Weather = {};

/** The weather of both directions, which may change at any moment. */
export type Sky = Record<Direction, Weather>;

export const bothWays = (weather: Weather): Sky => ({ out: weather, back: weather });
