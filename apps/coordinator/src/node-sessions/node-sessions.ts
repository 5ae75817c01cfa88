import type { Duplex } from 'node:stream';
import type { AllocationId, NodeId, StreamHeader, Usage } from '@cloudless/proto';

export type ChannelView = { readonly connected: boolean; readonly lastAt?: number; readonly rttMs?: number };

export type UsageSample = {
  readonly nodeId: NodeId;
  readonly usage: Usage;
  readonly allocations: readonly { readonly allocationId: AllocationId; readonly usage: Usage }[];
};

/** Live sessions with agents, on the leader. Everything here is memory: transitions and reports go to the store. */
export interface NodeSessions {
  /** The two channels of a device as seen now. */
  channels(nodeId: NodeId): { readonly heartbeat: ChannelView; readonly command: ChannelView };
  /** Samples of the last 15 minutes, oldest first. */
  usage(nodeId: NodeId): readonly Usage[];
  /** The newest of them. */
  lastUsage(nodeId: NodeId): Usage | undefined;
  /** Called with each heartbeat that carries use. Returns how to stop. */
  onUsage(listener: (sample: UsageSample) => void): () => void;
  /**
   * Opens a stream to the device's agent.
   * @throws CloudlessError `node_unreachable`
   */
  openStream(nodeId: NodeId, header: StreamHeader, signal?: AbortSignal): Promise<Duplex>;
  /** Closes the session of a revoked device at once. */
  disconnect(nodeId: NodeId, reason: string): void;
  stop(): Promise<void>;
}
