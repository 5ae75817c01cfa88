/** Chance as a port, so that a seed replays a run. */
export interface Entropy {
  /** `<prefix>_<26 lowercase base32 characters>`: 130 random bits, unique without coordination. */
  id(prefix: string): string;
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1). */
  random(): number;
}
