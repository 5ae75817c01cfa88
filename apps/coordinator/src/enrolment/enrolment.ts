import type { Result } from '@cloudless/kernel';
import type { HandshakeRequest, HandshakeResponse, JoinTokenId, NodeId, OrgId, UserId } from '@cloudless/proto';
import type { LinkReason } from '@cloudless/transport';

export type NewJoinToken = { readonly id: JoinTokenId; /** `cl1.…`: shown once. */ readonly token: string; readonly expiresAt: number };
export type CoordinatorIdentity = { readonly certificate: string; readonly key: string; readonly notAfter: number };
export type Renewed = { readonly certificate: string; readonly bundle: string };

/** How devices get in, and who they are. */
export interface Enrolment {
  /** Trust bundle of the device authority, PEM. */
  readonly bundle: string;
  /** Joins refused since the start. */
  readonly refusedCount: number;
  /**
   * A one-time token for one device, for 15 minutes. Only a hash of it is stored.
   * @throws CloudlessError `store_unavailable`
   */
  createJoinToken(input: {
    readonly orgId: OrgId;
    readonly ownerUserId?: UserId | undefined;
    readonly name?: string | undefined;
    readonly labels?: Readonly<Record<string, string>>;
  }): Promise<NewJoinToken>;
  /** Serves what a device without a valid certificate may ask. */
  handshake(request: HandshakeRequest, chain: readonly Uint8Array[]): Promise<HandshakeResponse>;
  /** Who shows this chain, when it may open a session now: the node exists and is not revoked. */
  authenticate(chain: readonly Uint8Array[]): Result<NodeId, LinkReason>;
  /** For a device in its session, which has proved who it is. */
  renew(
    nodeId: NodeId,
    csr: string,
  ): Promise<Result<Renewed, { readonly code: 'certificate_refused' | 'invalid_input'; readonly message: string }>>;
  /** The coordinator's own certificate for the inner TLS, with a new key. */
  issueCoordinatorIdentity(): Promise<CoordinatorIdentity>;
  /** The node of the coordinator's own machine, when it has joined and was not revoked. */
  localNodeId(): NodeId | undefined;
  /** Keeps a usable join token in `file` (0600) for the agent on this machine, as long as it has not joined. */
  ensureLocalJoinToken(file: string): Promise<void>;
  stop(): void;
}
