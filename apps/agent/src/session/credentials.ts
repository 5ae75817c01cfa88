import type { AgentIdentity } from '../state/state.ts';

/** Who this device is, and how it stays that. */
export interface Credentials {
  /**
   * The identity with a certificate that is valid now: joins when there is none, renews when it ran out.
   * @throws CloudlessError join_token_refused, certificate_refused; DialFailed when the coordinator cannot be reached
   */
  obtain(signal: AbortSignal): Promise<AgentIdentity>;
  /** In how many ms an open session asks for a new certificate, by the coordinator's clock; `undefined`: never. */
  renewDueInMs(): number | undefined;
  /** A certificate request of the device's own key, PEM. */
  createRequest(): Promise<string>;
  /** Persists what was issued; the next dial uses it. */
  accept(certificate: string, bundle: string): Promise<void>;
}

/** An identity without cryptography that never runs out: for the simulator and for tests. */
export function createStaticCredentials(identity: AgentIdentity): Credentials {
  return {
    obtain: () => Promise.resolve(identity),
    renewDueInMs: () => undefined,
    createRequest: () => Promise.reject(new Error('invariant broken: static credentials are never renewed')),
    accept: () => Promise.resolve(),
  };
}
