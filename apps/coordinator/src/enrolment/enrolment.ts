import type { Result } from '@cloudless/kernel';
import type { HandshakeRequest, HandshakeResponse, Join, JoinTokenId, LendingRule, NodeId, OrgId, UserId } from '@cloudless/proto';
import type { LinkReason } from '@cloudless/transport';
import type { HandshakeExchange } from '@cloudless/transport/tls';
import type { Joins } from './joins.ts';
import type { GivenTerms } from './serve-pair.ts';

export type NewOffer = {
  readonly orgId: OrgId;
  readonly ownerUserId?: UserId | undefined;
  /** The device's own proposal when absent. */
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  readonly lending?: LendingRule | undefined;
  readonly approval?: boolean;
};
/** Shown once. */
export type MadeOffer = {
  readonly join: Join;
  /** `cl1.…`, with the coordinator's addresses. */
  readonly token: string;
  /** `ABCD-EFGH` */
  readonly code: string;
};
export type CoordinatorIdentity = { readonly certificate: string; readonly key: string; readonly notAfter: number };
export type Renewed = { readonly certificate: string; readonly bundle: string };

/** How devices get in, and who they are. */
export interface Enrolment {
  /** Trust bundle of the device authority, PEM. */
  readonly bundle: string;
  /** Joins refused since the start. */
  readonly refusedCount: number;
  /** Joins as they go. */
  readonly joins: Pick<Joins, 'list' | 'get' | 'step' | 'fail' | 'onChange'>;
  /**
   * An offer for one device, for 15 minutes. Only a hash of its token is stored.
   * @throws CloudlessError `store_unavailable`, `overloaded`
   */
  createOffer(input: NewOffer): Promise<MadeOffer>;
  /** @throws CloudlessError `not_found`, `store_unavailable` */
  cancelOffer(id: JoinTokenId, orgId: OrgId): Promise<void>;
  /**
   * The device that shows this code, for whoever typed it.
   * @param from whose tries are counted
   * @throws CloudlessError `join_code_wrong`, `too_many_requests`
   */
  openRequest(code: string, from: string, orgId: OrgId): Join;
  /** @throws CloudlessError `not_found`, `join_over` */
  approve(id: JoinTokenId, orgId: OrgId, terms: GivenTerms): Join;
  /** @throws CloudlessError `not_found`, `join_over` */
  deny(id: JoinTokenId, orgId: OrgId, wordsDiffer: boolean): Join;
  /** Serves what a device without a valid certificate may ask. */
  handshake(request: HandshakeRequest, chain: readonly Uint8Array[], exchange: HandshakeExchange): Promise<HandshakeResponse>;
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
