/** Stops the calling thread for `delayMs`, as a slow disk would inside a commit. A fault for tests; 0 does nothing. */
export function blockThread(delayMs: number): void {
  if (delayMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
}
