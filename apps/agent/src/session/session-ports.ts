import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import type { AllocationId, CoordinatorMessage, Fingerprint, JoinHop, LendingRule, Usage } from '@cloudless/proto';
import type { AgentLink } from '@cloudless/transport';
import type { AgentIdentity } from '../state/state.ts';
import type { Held } from '../state/held.ts';
import type { LeaseKeeper } from '../leases/lease-keeper.ts';
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

export type AgentUpdate = Pick<Extract<CoordinatorMessage, { kind: 'update' }>, 'version' | 'sha256' | 'bytes'>;

/** What is known of the connection, for the device's own page. Instants are boot time in ms. */
export type SessionState =
  | { readonly kind: 'connecting' | 'connected'; readonly sinceMs: number }
  | { readonly kind: 'waiting'; readonly sinceMs: number; readonly reason: string; readonly hop?: JoinHop | undefined };

export type SessionDeps = {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly held: Held;
  readonly outbox: Outbox;
  readonly credentials: Credentials;
  readonly dial: Dial;
  readonly streams: StreamServer;
  readonly leases: Pick<LeaseKeeper, 'due' | 'granted' | 'contact' | 'assigned'>;
  readonly agentVersion: string;
  /** What the device is, as last found. */
  readonly fingerprint: () => Promise<Fingerprint>;
  readonly sampleUsage: () => Promise<UsageSample>;
  /** The coordinator has taken this device up. */
  readonly onWelcome: () => void;
  /** The owner's rule; resolves when it is durable. */
  readonly onLending: (rule: LendingRule) => Promise<void>;
  readonly onAddresses: (addresses: readonly string[]) => Promise<void>;
  /** A newer agent is there to be fetched. */
  readonly onUpdate: (update: AgentUpdate) => void;
  /** The device has left its cluster. */
  readonly onDeparted: () => Promise<void>;
  /** The session with the coordinator began or ended, and why. */
  readonly onSession?: (state: SessionState) => void;
  /** These allocations' assignments changed and are durable. */
  readonly onAssigned: (ids: readonly AllocationId[]) => void;
};
