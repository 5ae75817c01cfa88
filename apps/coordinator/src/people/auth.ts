import { apiKey } from '@better-auth/api-key';
import { passkey } from '@better-auth/passkey';
import type { PrismaClient } from '@cloudless/db/prisma';
import type { Clock, Entropy, Logger } from '@cloudless/kernel';
import { ID_PREFIX } from '@cloudless/proto';
import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { createAuthMiddleware } from 'better-auth/api';
import { organization } from 'better-auth/plugins/organization';
import type { PeopleFeed } from './people-feed.ts';
import type { Throttle } from './throttle.ts';

export type AuthOptions = {
  readonly prisma: PrismaClient;
  readonly secret: string;
  /** Cookies for HTTPS (`Secure`, `__Secure-`). Loopback is served plain, where not every browser takes those. */
  readonly secureCookies: boolean;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly throttle: Throttle;
  readonly feed: PeopleFeed;
};

export const COOKIE_PREFIX = 'cloudless';
export const TOKEN_PREFIX = 'cl_';
const DAY_S = 86_400;

const ID_PREFIX_OF_MODEL: Readonly<Record<string, string>> = {
  user: ID_PREFIX.user,
  organization: ID_PREFIX.organization,
  apikey: ID_PREFIX.apiToken,
};
const SIGN_IN_PATHS: ReadonlySet<string> = new Set(['/sign-in/email', '/passkey/verify-authentication']);

/** What happened at sign-in, for the feed. The address that was tried is named, the password never. */
function recordSignIn(feed: PeopleFeed) {
  return createAuthMiddleware(async (context) => {
    if (!SIGN_IN_PATHS.has(context.path)) return;
    const method = context.path === '/sign-in/email' ? 'password' : 'passkey';
    const user = context.context.newSession?.user;
    if (user) {
      feed({
        kind: 'person.signedIn',
        actor: { kind: 'user', id: user.id, name: user.name },
        params: { name: user.name, method },
        message: `${user.name} signed in by ${method}`,
      });
      return;
    }
    const { email } = (context.body ?? {}) as { readonly email?: unknown };
    const tried = typeof email === 'string' ? email.slice(0, 254) : 'a passkey';
    feed({
      kind: 'person.signInRefused',
      severity: 'warning',
      actor: { kind: 'system', name: 'people' },
      params: { email: tried, method },
      message: `A sign-in as ${tried} was refused`,
    });
  });
}

/**
 * better-auth as this project uses it: closed registration, e-mail and password, passkeys, API keys, over Prisma without
 * transactions. The address is taken from each request, whose Host the gateway has checked.
 */
export function createAuth({ prisma, secret, secureCookies, entropy, logger, throttle, feed }: AuthOptions) {
  return betterAuth({
    appName: 'Cloudless',
    basePath: '/api/auth',
    secret,
    database: prismaAdapter(prisma, { provider: 'sqlite', transaction: false }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, maxPasswordLength: 128 },
    session: { expiresIn: 30 * DAY_S, updateAge: DAY_S },
    telemetry: { enabled: false },
    logger: {
      log: (level, message) => logger[level === 'error' ? 'warn' : 'debug']({ op: 'people.auth', message: message.slice(0, 500) }),
    },
    rateLimit: {
      enabled: true,
      window: 10,
      max: 100,
      customRules: { '/sign-in/email': { window: 60, max: 10 }, '/passkey/verify-authentication': { window: 60, max: 20 } },
      // Its own memory would be read by the wall clock, and by each of the two instances apart.
      customStorage: {
        consume(key, { window, max }) {
          const { allowed, retryAfterMs } = throttle.consume(`auth ${key}`, { windowMs: window * 1000, max });
          return Promise.resolve({ allowed, retryAfter: allowed ? null : Math.ceil(retryAfterMs / 1000) });
        },
      },
    },
    advanced: {
      cookiePrefix: COOKIE_PREFIX,
      useSecureCookies: secureCookies,
      // The gateway makes this header of what it sees, and drops a client's.
      ipAddress: { ipAddressHeaders: ['x-forwarded-for'] },
      database: { generateId: ({ model }) => entropy.id(ID_PREFIX_OF_MODEL[model] ?? model.toLowerCase()) },
    },
    hooks: { after: recordSignIn(feed) },
    plugins: [
      organization(),
      passkey({ rpName: 'Cloudless' }),
      apiKey({
        defaultPrefix: TOKEN_PREFIX,
        startingCharactersConfig: { shouldStore: true, charactersLength: TOKEN_PREFIX.length + 5 },
        // Its default is ten uses a day.
        rateLimit: { enabled: false },
        // Keys act for themselves, and never stand in for a session.
        enableSessionForAPIKeys: false,
      }),
    ],
  });
}
export type Auth = ReturnType<typeof createAuth>;
