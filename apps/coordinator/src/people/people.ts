import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { ApiToken, ApiTokenId, OrgId, ProjectId, Role, TokenScope, UserId } from '@cloudless/proto';

/** Who a request comes from. `role` is the person's in the organisation; a token has its maker's role, narrowed by `scope`. */
export type Caller =
  | {
      readonly kind: 'user';
      readonly id: UserId;
      readonly name: string;
      readonly email: string;
      readonly orgId: OrgId;
      readonly projectId: ProjectId;
      readonly role: Role;
      readonly sessionId: string;
    }
  | {
      readonly kind: 'token';
      readonly id: ApiTokenId;
      readonly name: string;
      /** The person who made it. */
      readonly userId: UserId;
      readonly orgId: OrgId;
      readonly projectId: ProjectId;
      readonly role: Role;
      readonly scope: TokenScope;
    };

/** Where a request came from, as the gateway saw it: for throttling, records and cookies. */
export type RequestOrigin = {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
};

export type ClaimInput = { readonly code: string; readonly name: string; readonly email: string; readonly password: string };
export type RecoverInput = { readonly email: string; readonly code: string; readonly password: string };
export type CreateTokenInput = { readonly name: string; readonly scope: TokenScope; readonly expiresInDays?: number | undefined };

/** Accounts, sessions and API tokens of the people of a cluster. */
export interface People {
  /** The organisation and project that the cluster starts with. */
  readonly home: {
    readonly org: { readonly id: OrgId; readonly name: string };
    readonly project: { readonly id: ProjectId; readonly name: string };
  };
  /** Whether the cluster has an owner. */
  isClaimed(): boolean;
  /**
   * Who calls: by session cookie, or by `Authorization: Bearer cl_…`; `undefined` for nobody. A Bearer that is wrong is nobody, even
   * beside a good cookie.
   */
  authenticate(headers: IncomingHttpHeaders): Promise<Caller | undefined>;
  /**
   * Makes the first owner. `setCookies` sign that owner in: the answer must carry each as a `Set-Cookie`.
   * @throws CloudlessError `claim_code_wrong`, `already_claimed`, `too_many_requests`
   */
  claim(
    input: ClaimInput,
    origin: RequestOrigin,
  ): Promise<{ readonly recoveryCodes: readonly string[]; readonly setCookies: readonly string[] }>;
  /**
   * Sets a new password by a recovery code, and ends every session of that person.
   * @throws CloudlessError `credentials_wrong`, `too_many_requests`
   */
  recover(input: RecoverInput, origin: RequestOrigin): Promise<void>;
  recoveryCodesLeft(userId: UserId): Promise<number>;
  /** New recovery codes; the old ones no longer work. */
  renewRecoveryCodes(userId: UserId): Promise<readonly string[]>;
  readonly tokens: {
    /** The person's own, newest first. */
    list(userId: UserId): Promise<readonly ApiToken[]>;
    /** `token` is shown once; only its hash is kept. */
    create(caller: Extract<Caller, { kind: 'user' }>, input: CreateTokenInput): Promise<{ readonly token: string; readonly row: ApiToken }>;
    /** @throws CloudlessError `not_found` when it is not that person's */
    revoke(caller: Extract<Caller, { kind: 'user' }>, id: ApiTokenId): Promise<void>;
  };
  /** Called when callers may have lost their rights: who holds a connection open authenticates it again. Returns how to stop. */
  onRevoked(listener: () => void): () => void;
  /** Serves `/api/auth/*`: sign-in, sign-out, sessions, passkeys. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  stop(): void;
}
