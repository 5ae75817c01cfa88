import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import type { AllocationId, Fingerprint, Usage } from '@cloudless/proto';
import type { AgentLink } from '@cloudless/transport';
import type { AgentIdentity } from '../state/state.ts';
import type { Held } from '../state/held.ts';
import type { Credentials } from './credentials.ts';
import type { Outbox } from './outbox.ts';
import type { StreamServer } from './serve-streams.ts';

/** Opens the link to the coordinator. @throws DialFailed */
export type Dial = (identity: AgentIdentity, signal: AbortSignal) => Promise<AgentLink>;

/** Use of the device and of its own allocations, since the sample before. */
export type UsageSample = {
  readonly usage?: Usage;
  readonly allocations: readonly { readonly allocationId: AllocationId; readonly usage: Usage }[];
};

export type SessionDeps = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly held: Held;
  readonly outbox: Outbox;
  readonly credentials: Credentials;
  readonly dial: Dial;
  readonly streams: StreamServer;
  readonly agentVersion: string;
  /** What the device is, as last found. */
  readonly fingerprint: () => Promise<Fingerprint>;
  readonly sampleUsage: () => Promise<UsageSample>;
  /** These allocations' assignments changed and are durable. */
  readonly onAssigned: (ids: readonly AllocationId[]) => void;
};
