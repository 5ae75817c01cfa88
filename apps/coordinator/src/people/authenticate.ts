import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { defaultKeyHasher } from '@better-auth/api-key';
import type { PrismaClient } from '@cloudless/db/prisma';
import type { Clock } from '@cloudless/kernel';
import { apiTokenIdSchema, CloudlessError, ROLES, saying, TOKEN_SCOPES, type Role, type UserId } from '@cloudless/proto';
import { z } from 'zod';
import { COOKIE_PREFIX, TOKEN_PREFIX, type Auth } from './auth.ts';
import type { CallerCache } from './caller-cache.ts';
import type { Caller, People } from './people.ts';

export type AuthenticateOptions = {
  readonly prisma: PrismaClient;
  /** One instance for each kind of cookie. */
  readonly auths: { readonly plain: Auth; readonly secure: Auth };
  readonly cache: CallerCache;
  readonly clock: Pick<Clock, 'now'>;
  readonly home: People['home'];
};

const SESSION_COOKIE = `${COOKIE_PREFIX}.session_token`;
/** As better-auth stores them: JSON in text. */
const permissionsSchema = z.preprocess(
  (text) => (typeof text === 'string' ? (JSON.parse(text) as unknown) : text),
  z.object({ api: z.array(z.string()) }),
);
/** Longer than any of ours: nothing of that length is hashed. */
const MAX_CREDENTIAL = 512;

const digest = (text: string): string => createHash('sha256').update(text).digest('base64');

/** Session cookies of a request: the one for HTTPS is believed before the plain one. */
function findSessionCookie(header: string | undefined): { readonly kind: 'plain' | 'secure'; readonly value: string } | undefined {
  const pairs = new Map(
    (header ?? '').split(';').map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()] as const),
  );
  for (const kind of ['secure', 'plain'] as const) {
    const value = pairs.get(kind === 'secure' ? `__Secure-${SESSION_COOKIE}` : SESSION_COOKIE);
    if (value !== undefined && value.length <= MAX_CREDENTIAL) return { kind, value };
  }
  return undefined;
}

/** Who a request comes from. */
export function createAuthenticate({
  prisma,
  auths,
  cache,
  clock,
  home,
}: AuthenticateOptions): (headers: IncomingHttpHeaders) => Promise<Caller | undefined> {
  const tenant = { orgId: home.org.id, projectId: home.project.id };

  async function findRole(userId: string): Promise<Role | undefined> {
    const member = await prisma.member.findFirst({ where: { userId, organizationId: home.org.id } });
    return ROLES.find((role) => role === member?.role);
  }

  async function findBySession(auth: Auth, cookie: string): Promise<Caller | undefined> {
    const found = await auth.api.getSession({ headers: new Headers({ cookie }) });
    const role = found && (await findRole(found.user.id));
    if (!found || !role) return undefined;
    const { id, name, email } = found.user;
    return { kind: 'user', id: id as UserId, name, email, ...tenant, role, sessionId: found.session.id };
  }

  /**
   * A read alone: better-auth's own check also writes when a token was used, and fails where nothing can be written. That write follows, and
   * nobody waits for it.
   */
  async function findByToken(key: string): Promise<Caller | undefined> {
    const row = await prisma.apikey.findFirst({ where: { key: await defaultKeyHasher(key) } });
    const isOver = row?.enabled !== true || (row.expiresAt !== null && row.expiresAt.getTime() <= clock.now());
    const role = row && !isOver ? await findRole(row.referenceId) : undefined;
    const permissions = permissionsSchema.safeParse(row?.permissions);
    const scope = TOKEN_SCOPES.find((known) => permissions.data?.api.includes(known));
    if (!row || !role || !scope) return undefined;
    void auths.plain.api.verifyApiKey({ body: { key } }).catch(() => undefined);
    return {
      kind: 'token',
      id: apiTokenIdSchema.parse(row.id),
      name: row.name ?? '',
      userId: row.referenceId as UserId,
      ...tenant,
      role,
      scope,
    };
  }

  /** Reading alone can fail here, whatever better-auth makes of it. */
  const orUnavailable = (find: () => Promise<Caller | undefined>) => (): Promise<Caller | undefined> =>
    find().catch((cause: unknown) => {
      throw new CloudlessError(
        'store_unavailable',
        'Who is asking could not be looked up: the store did not answer. Try again in a moment.',
        { cause, ...saying('whoAsksUnknown', {}) },
      );
    });

  return async ({ authorization, cookie }) => {
    if (authorization !== undefined) {
      const [, token] = /^bearer\s+(\S+)$/i.exec(authorization) ?? [];
      if (token === undefined || !token.startsWith(TOKEN_PREFIX) || token.length > MAX_CREDENTIAL) return undefined;
      return cache.get(
        `token ${digest(token)}`,
        orUnavailable(() => findByToken(token)),
      );
    }
    const session = findSessionCookie(cookie);
    if (!session) return undefined;
    const name = session.kind === 'secure' ? `__Secure-${SESSION_COOKIE}` : SESSION_COOKIE;
    return cache.get(
      `${session.kind} ${digest(session.value)}`,
      orUnavailable(() => findBySession(auths[session.kind], `${name}=${session.value}`)),
    );
  };
}
