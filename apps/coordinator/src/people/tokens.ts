import type { PrismaClient } from '@cloudless/db/prisma';
import { assert } from '@cloudless/kernel';
import { apiTokenIdSchema, CloudlessError, saying, TOKEN_SCOPES, type ApiToken } from '@cloudless/proto';
import type { Auth } from './auth.ts';
import type { PeopleFeed } from './people-feed.ts';
import type { People } from './people.ts';

const DAY_S = 86_400;
/** Tokens that one person may hold. */
const MAX_TOKENS = 100;

type Row = {
  readonly id: string;
  readonly name: string | null;
  readonly start: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastRequest: Date | null;
};

const toToken = (row: Row, scope: ApiToken['scope']): ApiToken => ({
  id: apiTokenIdSchema.parse(row.id),
  name: row.name ?? '',
  scope,
  start: row.start ?? '',
  createdAt: row.createdAt.getTime(),
  ...(row.expiresAt ? { expiresAt: row.expiresAt.getTime() } : {}),
  ...(row.lastRequest ? { lastUsedAt: row.lastRequest.getTime() } : {}),
});

const scopeIn = (permissions: string | null): ApiToken['scope'] =>
  TOKEN_SCOPES.find((scope) => permissions?.includes(`"${scope}"`)) ?? 'read';

/** API tokens: better-auth's API keys, hashed, with one scope each. Every making and revoking is in the feed. */
export function createTokens({
  prisma,
  auth,
  feed,
  onRevoked,
}: {
  readonly prisma: PrismaClient;
  readonly auth: Auth;
  readonly feed: PeopleFeed;
  readonly onRevoked: () => void;
}): People['tokens'] {
  return {
    async list(userId) {
      const rows = await prisma.apikey.findMany({ where: { referenceId: userId }, orderBy: { createdAt: 'desc' }, take: MAX_TOKENS });
      return rows.map((row) => toToken(row, scopeIn(row.permissions)));
    },
    async create(caller, { name, scope, expiresInDays }) {
      if ((await prisma.apikey.count({ where: { referenceId: caller.id } })) >= MAX_TOKENS) {
        throw new CloudlessError(
          'too_many_requests',
          `You hold ${MAX_TOKENS} API tokens, the most there may be. Revoke one first.`,
          saying('tooManyTokens', { most: MAX_TOKENS }),
        );
      }
      const expiry = expiresInDays === undefined ? {} : { expiresIn: expiresInDays * DAY_S };
      const made = await auth.api.createApiKey({ body: { userId: caller.id, name, permissions: { api: [scope] }, ...expiry } });
      const row = await prisma.apikey.findUnique({ where: { id: made.id } });
      assert(row, 'a token that was made is stored');
      feed({
        kind: 'token.created',
        actor: { kind: 'user', id: caller.id, name: caller.name },
        params: { name, scope },
        message: `${caller.name} made the API token ${name} (${scope})`,
      });
      return { token: made.key, row: toToken(row, scope) };
    },
    async revoke(caller, id) {
      const row = await prisma.apikey.findFirst({ where: { id, referenceId: caller.id } });
      const { count } = row ? await prisma.apikey.deleteMany({ where: { id, referenceId: caller.id } }) : { count: 0 };
      if (!row || count === 0) throw new CloudlessError('not_found', `You have no API token ${id}.`, saying('noSuchToken', { id }));
      onRevoked();
      const name = row.name ?? '';
      feed({
        kind: 'token.revoked',
        actor: { kind: 'user', id: caller.id, name: caller.name },
        params: { name },
        message: `${caller.name} revoked the API token ${name}`,
      });
    },
  };
}
