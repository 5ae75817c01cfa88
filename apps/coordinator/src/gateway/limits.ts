/** What one port takes at most. Written here, so that no client decides how much of this machine it holds. */
export type PortLimits = {
  readonly maxConnections: number;
  /** Until the first byte, and until the end of the TLS handshake. */
  readonly firstByteMs: number;
  /** Until the last header. */
  readonly headersMs: number;
  /** Until the end of the body; 0 for none, where bodies are streamed to an app. */
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly maxHeaderBytes: number;
  /** How often slow requests are looked for. */
  readonly checkMs: number;
  /** How long answers in flight may take once a stop began. */
  readonly drainMs: number;
};

export const MAIN_PORT_LIMITS: PortLimits = {
  // Two for each of 5,000 devices, and people.
  maxConnections: 16_384,
  firstByteMs: 10_000,
  headersMs: 10_000,
  requestMs: 60_000,
  keepAliveMs: 10_000,
  maxHeaderBytes: 32 * 1024,
  checkMs: 2_000,
  drainMs: 1_000,
};

export const APP_PORT_LIMITS: PortLimits = { ...MAIN_PORT_LIMITS, maxConnections: 1024, requestMs: 0 };
