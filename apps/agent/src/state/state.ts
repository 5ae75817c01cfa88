import type { Assignment, ClusterId, LendingRule, NodeId } from '@cloudless/proto';
import type { AllocationMemory } from '../reconcile/allocation-memory.ts';

/** Who this device is in its cluster. Made when it joins; only the certificate and the bundle change after that. */
export type AgentIdentity = {
  readonly nodeId: NodeId;
  readonly clusterId: ClusterId;
  /** Name that the device proposed when it joined. */
  readonly name: string;
  /** PKCS #8, PEM; made here, leaves the device never. Empty in the simulator. */
  readonly privateKey: string;
  /** The X.509-SVID and its issuers, PEM. */
  readonly certificate: string;
  /** Trust bundle of the cluster's device CA, PEM. */
  readonly bundle: string;
};

/** The highest (epoch, token) that ever spoke to this device: lower ones are refused. */
export type Authority = { readonly clusterId: ClusterId; readonly epoch: number; readonly token: number };

/** What the agent needs to serve with no coordinator, and after a reboot. */
export type HeldState = {
  readonly authority?: Authority;
  readonly assignments: readonly Assignment[];
  readonly memories: readonly AllocationMemory[];
  /** Latest coordinator's time heard: certificates are not judged by an earlier clock. */
  readonly lastServerAt?: number;
  /** What the owner lends; everything, always, when absent. */
  readonly lending?: LendingRule;
};

export const EMPTY_STATE: HeldState = { assignments: [], memories: [] };

/** Durable state of one agent. A save resolves when it would survive the power going. */
export interface AgentState {
  loadIdentity(): Promise<AgentIdentity | undefined>;
  saveIdentity(identity: AgentIdentity): Promise<void>;
  /** What was saved last; EMPTY_STATE when nothing was, or when what was saved is damaged (it is set aside and told). */
  loadHeld(): Promise<HeldState>;
  saveHeld(held: HeldState): Promise<void>;
}
