/** Chance as a port, so that a seed replays a run. */
export interface Entropy {
  /** `<prefix>_<26 lowercase base32 characters>`: at least 115 random bits of its own, unique without coordination. No secret. */
  id(prefix: string): string;
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1). */
  random(): number;
}
