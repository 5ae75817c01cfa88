import { createGuardedWriter, toRecords, type Cluster, type SqlDriver, type Store } from '@cloudless/db';
import { createPrismaClient } from '@cloudless/db/prisma';
import type { KeyWrap } from '@cloudless/identity/ca';
import { assert, type Clock, type Entropy, type Logger } from '@cloudless/kernel';
import { CloudlessError, saying } from '@cloudless/proto';
import { hashPassword } from 'better-auth/crypto';
import type { CrashPoint } from '../crash-points.ts';
import { createAuth, type Auth } from './auth.ts';
import { readAuthSecret } from './auth-secret.ts';
import { createAuthenticate } from './authenticate.ts';
import { createCallerCache } from './caller-cache.ts';
import { alreadyClaimed, createClaim, wrongCode } from './claim.ts';
import { createPeopleFeed } from './people-feed.ts';
import type { People, RequestOrigin } from './people.ts';
import { createRecovery } from './recovery.ts';
import { createServeAuth } from './serve-auth.ts';
import { createThrottle, type Throttle } from './throttle.ts';
import { createTokens } from './tokens.ts';

export type PeopleOptions = {
  readonly driver: SqlDriver;
  readonly store: Pick<Store, 'commit'>;
  readonly cluster: Cluster;
  readonly keyWrap: KeyWrap;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Where the claim code lies. */
  readonly codeFile: string;
  readonly crashPoint: CrashPoint;
};

/** Tries of one address, and of all together: codes have 60 bits and more, so this only keeps the noise down. */
const TRIES = { one: { windowMs: 600_000, max: 10 }, all: { windowMs: 600_000, max: 300 } };

function refuseTooMany(throttle: Throttle, what: string, { remoteAddress }: RequestOrigin): void {
  for (const [key, rule] of [
    [`${what} ${remoteAddress}`, TRIES.one],
    [what, TRIES.all],
  ] as const) {
    const { allowed, retryAfterMs } = throttle.consume(key, rule);
    if (allowed) continue;
    const seconds = Math.ceil(retryAfterMs / 1000);
    throw new CloudlessError(
      'too_many_requests',
      `Too many tries. Wait ${seconds} s, then try again.`,
      saying('tooManyTries', { retryAfterS: seconds }),
    );
  }
}

async function readHome(driver: SqlDriver, cluster: Cluster): Promise<People['home']> {
  const sql = 'SELECT o.name AS org, p.name AS project FROM organization o, project p WHERE o.id = ? AND p.id = ?';
  const [row] = toRecords(await driver.query({ sql, params: [cluster.orgId, cluster.projectId] }));
  assert(row, 'the first start made the organisation and its project');
  return { org: { id: cluster.orgId, name: String(row['org']) }, project: { id: cluster.projectId, name: String(row['project']) } };
}

async function signIn(auth: Auth, email: string, password: string, origin: RequestOrigin): Promise<readonly string[]> {
  const { host = '', 'user-agent': userAgent = '' } = origin.headers;
  const headers = new Headers({ host, 'user-agent': userAgent, 'x-forwarded-for': origin.remoteAddress });
  const signedIn = await auth.api.signInEmail({ body: { email, password }, headers, returnHeaders: true });
  return signedIn.headers.getSetCookie();
}

/** Accounts of this cluster's people; see `People`. */
export async function createPeople(options: PeopleOptions): Promise<People> {
  const { driver, cluster, clock, entropy, logger } = options;
  const writer = createGuardedWriter({ driver, clock, entropy, token: cluster.token });
  const prisma = createPrismaClient({ driver, clock, entropy, token: cluster.token });
  const home = await readHome(driver, cluster);
  const throttle = createThrottle(clock);
  const feed = createPeopleFeed({ store: options.store, clock, entropy, logger, orgId: cluster.orgId });
  const secret = await readAuthSecret({ driver, writer, keyWrap: options.keyWrap, clock, entropy, orgId: cluster.orgId });
  const create = (secureCookies: boolean): Auth => createAuth({ prisma, secret, secureCookies, clock, entropy, logger, throttle, feed });
  const auths = { plain: create(false), secure: create(true) };
  const authFor = ({ headers }: RequestOrigin): Auth => (headers['x-forwarded-proto'] === 'https' ? auths.secure : auths.plain);

  const cache = createCallerCache(clock);
  const listeners = new Set<() => void>();
  const onRevoked = (): void => {
    cache.clear();
    for (const listener of listeners) listener();
  };
  const authenticate = createAuthenticate({ prisma, auths, cache, clock, home });
  const claim = await createClaim({ ...options, writer, orgId: cluster.orgId });
  const recovery = createRecovery({ driver, writer, clock, entropy });
  await claim.prepare();

  return {
    home,
    isClaimed: () => claim.isClaimed(),
    authenticate,
    async claim({ code, name, email, password }, origin) {
      refuseTooMany(throttle, 'claim', origin);
      if (claim.isClaimed()) throw alreadyClaimed();
      // Before the password is hashed, which costs far more than a look.
      if (!(await claim.isGood(code))) throw wrongCode();
      const { userId, recoveryCodes } = await claim.take(code, { name, email, passwordHash: await hashPassword(password) });
      feed({
        kind: 'cluster.claimed',
        actor: { kind: 'user', id: userId, name },
        params: { name },
        message: `${name} claimed this cluster and is its owner`,
      });
      return { recoveryCodes, setCookies: await signIn(authFor(origin), email, password, origin) };
    },
    async recover({ email, code, password }, origin) {
      refuseTooMany(throttle, 'recover', origin);
      const person = await recovery.findPerson(email, code);
      if (!person || !(await recovery.apply(person.id, code, await hashPassword(password)))) {
        throw new CloudlessError(
          'credentials_wrong',
          'The e-mail or the recovery code is wrong, or the code was used.',
          saying('recoveryWrong', {}),
        );
      }
      onRevoked();
      const { id, name } = person;
      feed({
        kind: 'person.recovered',
        severity: 'warning',
        actor: { kind: 'user', id, name },
        params: { name },
        message: `${name} set a new password with a recovery code; every session of theirs ended`,
      });
    },
    recoveryCodesLeft: (userId) => recovery.left(userId),
    renewRecoveryCodes: (userId) => recovery.renew(userId),
    tokens: createTokens({ prisma, auth: auths.plain, feed, onRevoked }),
    onRevoked(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    serve: createServeAuth({ auths, authenticate, feed, onRevoked }),
    stop: () => listeners.clear(),
  };
}
