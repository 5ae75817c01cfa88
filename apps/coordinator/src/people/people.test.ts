import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore, openCluster, type Store } from '@cloudless/db';
import { openSqlite } from '@cloudless/db/sqlite';
import '@cloudless/identity';
import { createKeyWrap } from '@cloudless/identity/ca';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import type { ClusterEvent } from '@cloudless/proto';
import { describe, expect, it, vi } from 'vitest';
import { noCrash } from '../crash-points.ts';
import { createPeople } from './create-people.ts';
import { recoverOwner } from './recover-owner.ts';
import type { Caller, RequestOrigin } from './people.ts';

const ADA = { name: 'Ada', email: 'Ada@Example.org', password: 'correct horse battery' };
const from = (remoteAddress: string): RequestOrigin => ({ headers: { host: 'localhost', 'x-forwarded-proto': 'http' }, remoteAddress });
const HERE = from('127.0.0.1');
const cookieOf = (setCookies: readonly string[]): string => setCookies.map((cookie) => cookie.split(';')[0]).join('; ');

async function openPeople() {
  const folder = await mkdtemp(join(tmpdir(), 'cloudless-people-'));
  const [clock, entropy] = [createRealClock(), createRealEntropy()];
  const { driver } = await openSqlite({ path: ':memory:', thread: 'inline', clock });
  const cluster = await openCluster({ driver, clock, entropy });
  const store: Store = await createStore({ driver, clock, entropy, logger: nullLogger, token: cluster.token });
  const codeFile = join(folder, 'claim-code');
  const options = {
    driver,
    store,
    cluster,
    keyWrap: createKeyWrap(entropy.bytes(32), entropy),
    clock,
    entropy,
    logger: nullLogger,
    codeFile,
    crashPoint: noCrash,
  };
  const people = await createPeople(options);
  const server = createServer((request, response) => {
    Object.assign(request.headers, { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
    void people.serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    people,
    driver,
    codeFile,
    options,
    readCode: () => readFile(codeFile, 'utf8'),
    listEvents: (): Promise<readonly ClusterEvent[]> => store.listEvents({ orgId: cluster.orgId, limit: 100 }),
    post: (path: string, body: object, headers: Record<string, string> = {}) =>
      fetch(`${origin}/api/auth${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin, ...headers },
        body: JSON.stringify(body),
      }),
    get: (path: string, headers: Record<string, string> = {}) => fetch(`${origin}/api/auth${path}`, { headers }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      people.stop();
      await store.stop();
      await driver.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Opened = Awaited<ReturnType<typeof openPeople>>;

async function claimed() {
  const opened = await openPeople();
  const { recoveryCodes, setCookies } = await opened.people.claim({ ...ADA, code: await opened.readCode() }, HERE);
  const headers: IncomingHttpHeaders = { cookie: cookieOf(setCookies) };
  const caller = await opened.people.authenticate(headers);
  if (caller?.kind !== 'user') throw new Error('the claim did not sign in');
  return { ...opened, recoveryCodes, setCookies, headers, caller: caller as Extract<Caller, { kind: 'user' }> };
}

const signIn = ({ post }: Pick<Opened, 'post'>, password: string) => post('/sign-in/email', { email: ADA.email, password });

describe('the claim', () => {
  it('leaves its code in a file for the owner of the machine alone, and keeps it over a restart', async () => {
    await using opened = await openPeople();
    const code = await opened.readCode();
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}\n$/);
    expect((await stat(opened.codeFile)).mode & 0o777).toBe(0o600);
    await createPeople(opened.options);
    expect(await opened.readCode()).toBe(code);
  });

  it('makes the owner, signs in, and hands out eight recovery codes', async () => {
    await using opened = await claimed();
    const { people, caller, recoveryCodes, setCookies, codeFile, listEvents } = opened;
    expect(caller).toMatchObject({ kind: 'user', name: 'Ada', email: 'ada@example.org', role: 'owner', orgId: people.home.org.id });
    expect(people.isClaimed()).toBe(true);
    expect(new Set(recoveryCodes).size).toBe(8);
    expect(await people.recoveryCodesLeft(caller.id)).toBe(8);
    expect(setCookies.join()).toContain('cloudless.session_token=');
    await expect(stat(codeFile)).rejects.toThrow('ENOENT');
    await expect.poll(async () => (await listEvents()).map(({ kind }) => kind).toSorted()).toEqual(['cluster.claimed', 'person.signedIn']);
  });

  it('takes the code as people type it', async () => {
    await using opened = await openPeople();
    const typed = (await opened.readCode()).trim().toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    await expect(opened.people.claim({ ...ADA, code: typed }, HERE)).resolves.toBeDefined();
  });

  it('gives one owner to ten that claim at once', async () => {
    await using opened = await openPeople();
    const code = await opened.readCode();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        opened.people.claim({ ...ADA, email: `p${index}@example.org`, code }, from(`10.0.0.${index}`)),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const counts = await opened.driver.query({
      sql: "SELECT (SELECT count(*) FROM user), (SELECT count(*) FROM account), (SELECT count(*) FROM member WHERE role = 'owner')",
    });
    expect(counts.rows).toEqual([[1, 1, 1]]);
  });

  it('refuses a wrong code, and a second claim', async () => {
    await using opened = await openPeople();
    await expect(opened.people.claim({ ...ADA, code: '0000-0000-0000' }, HERE)).rejects.toMatchObject({ code: 'claim_code_wrong' });
    const code = await opened.readCode();
    await opened.people.claim({ ...ADA, code }, HERE);
    await expect(opened.people.claim({ ...ADA, code }, HERE)).rejects.toMatchObject({ code: 'already_claimed' });
  });

  it('throttles guesses of one address', async () => {
    await using opened = await openPeople();
    const guess = () => opened.people.claim({ ...ADA, code: '0000-0000-0000' }, HERE);
    for (let tries = 0; tries < 10; tries += 1) await expect(guess()).rejects.toMatchObject({ code: 'claim_code_wrong' });
    await expect(guess()).rejects.toMatchObject({ code: 'too_many_requests' });
  });
});

describe('sessions', () => {
  it('begin with the right password and end at sign-out, each in the feed', async () => {
    await using opened = await claimed();
    const signedIn = await signIn(opened, ADA.password);
    expect(signedIn.status).toBe(200);
    const cookie = cookieOf(signedIn.headers.getSetCookie());
    expect(await opened.people.authenticate({ cookie })).toMatchObject({ name: 'Ada' });
    expect((await opened.post('/sign-out', {}, { cookie })).status).toBe(200);
    expect(await opened.people.authenticate({ cookie })).toBeUndefined();
    expect(await opened.people.authenticate(opened.headers)).toBeDefined();
    await expect.poll(async () => (await opened.listEvents()).map(({ kind }) => kind)).toContain('person.signedOut');
  });

  it('are refused with the wrong password, which is in the feed, and throttled', async () => {
    await using opened = await claimed();
    for (let tries = 0; tries < 10; tries += 1) expect((await signIn(opened, 'wrong password')).status).toBe(401);
    expect((await signIn(opened, ADA.password)).status).toBe(429);
    await expect
      .poll(async () => (await opened.listEvents()).find(({ kind }) => kind === 'person.signInRefused')?.message)
      .toContain(ADA.email);
  });

  it('can be listed, and ended one by one', async () => {
    await using opened = await claimed();
    const cookie = cookieOf((await signIn(opened, ADA.password)).headers.getSetCookie());
    const listed = (await (await opened.get('/list-sessions', { cookie })).json()) as { id: string; token: string }[];
    expect(listed).toHaveLength(2);
    let told = 0;
    opened.people.onRevoked(() => (told += 1));
    const other = listed.find(({ id }) => id === opened.caller.sessionId);
    expect((await opened.post('/revoke-session', { token: other?.token }, { cookie })).status).toBe(200);
    expect(told).toBe(1);
    expect(await opened.people.authenticate(opened.headers)).toBeUndefined();
  });

  it('are not given by a cookie that was changed', async () => {
    await using opened = await claimed();
    expect(await opened.people.authenticate({ cookie: `${String(opened.headers.cookie).slice(0, -8)}AAAAAAA%3D` })).toBeUndefined();
  });
});

describe('what is not open', () => {
  it.each(['/sign-up/email', '/api-key/create', '/organization/create', '/request-password-reset'])('answers 404 at %s', async (path) => {
    await using opened = await openPeople();
    expect((await opened.post(path, { ...ADA })).status).toBe(404);
  });

  it('offers no passkey on a bare IP address', async () => {
    await using opened = await claimed();
    const answer = await opened.get('/passkey/generate-register-options', { cookie: String(opened.headers.cookie) });
    expect(await answer.json()).toMatchObject({ code: 'NOT_SUPPORTED_YET' });
  });
});

describe('recovery', () => {
  it('sets a new password, ends every session, and uses the code up', async () => {
    await using opened = await claimed();
    const [code = ''] = opened.recoveryCodes;
    await opened.people.recover({ email: ADA.email, code, password: 'another long password' }, HERE);
    expect(await opened.people.authenticate(opened.headers)).toBeUndefined();
    expect((await signIn(opened, ADA.password)).status).toBe(401);
    expect((await signIn(opened, 'another long password')).status).toBe(200);
    expect(await opened.people.recoveryCodesLeft(opened.caller.id)).toBe(7);
    await expect(opened.people.recover({ email: ADA.email, code, password: 'yet another one' }, HERE)).rejects.toMatchObject({
      code: 'credentials_wrong',
    });
  });

  it('gives the owner a code on the machine itself, beside a coordinator that runs', async () => {
    await using opened = await claimed();
    const { email, code } = await recoverOwner(opened.options);
    await opened.people.recover({ email, code, password: 'another long password' }, HERE);
    expect((await signIn(opened, 'another long password')).status).toBe(200);
    expect(await opened.people.recoveryCodesLeft(opened.caller.id)).toBe(8);
  });

  it('has no code for a cluster without an owner', async () => {
    await using opened = await openPeople();
    await expect(recoverOwner(opened.options)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('renews the codes, and the old ones no longer work', async () => {
    await using opened = await claimed();
    const renewed = await opened.people.renewRecoveryCodes(opened.caller.id);
    expect(renewed).toHaveLength(8);
    await expect(
      opened.people.recover({ email: ADA.email, code: opened.recoveryCodes[0] ?? '', password: 'another long password' }, HERE),
    ).rejects.toMatchObject({ code: 'credentials_wrong' });
  });
});

describe('API tokens', () => {
  it('authenticate with their scope until they are revoked', async () => {
    await using opened = await claimed();
    const { token, row } = await opened.people.tokens.create(opened.caller, { name: 'deploy', scope: 'read', expiresInDays: 7 });
    expect(token).toMatch(/^cl_/);
    const headers = { authorization: `Bearer ${token}` };
    expect(await opened.people.authenticate(headers)).toMatchObject({
      kind: 'token',
      name: 'deploy',
      scope: 'read',
      role: 'owner',
      userId: opened.caller.id,
    });
    expect(await opened.people.tokens.list(opened.caller.id)).toMatchObject([{ id: row.id, scope: 'read', start: token.slice(0, 8) }]);
    await opened.people.tokens.revoke(opened.caller, row.id);
    expect(await opened.people.authenticate(headers)).toBeUndefined();
    await expect(opened.people.tokens.revoke(opened.caller, row.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('work more than ten times, and are never stored', async () => {
    await using opened = await claimed();
    const { token } = await opened.people.tokens.create(opened.caller, { name: 'loop', scope: 'write' });
    for (let use = 0; use < 15; use += 1) {
      opened.people.onRevoked(() => undefined);
      expect(await opened.people.authenticate({ authorization: `Bearer ${token}` })).toMatchObject({ scope: 'write' });
    }
    const { rows } = await opened.driver.query({ sql: 'SELECT "key" FROM apikey' });
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  it('are known while nothing can be written, as on a full disk, and their use is noted while it can', async () => {
    await using opened = await claimed();
    const { token, row } = await opened.people.tokens.create(opened.caller, { name: 'deploy', scope: 'read' });
    const full = { kind: 'failed', failure: { kind: 'unavailable', message: 'database or disk is full' }, statement: -1 } as const;
    const driver = { ...opened.driver, batch: () => Promise.resolve(full) };
    const readOnly = await createPeople({ ...opened.options, driver });
    expect(await readOnly.authenticate({ authorization: `Bearer ${token}` })).toMatchObject({ id: row.id });
    readOnly.stop();
    await opened.people.authenticate({ authorization: `Bearer ${token}` });
    await vi.waitFor(async () => expect((await opened.people.tokens.list(opened.caller.id))[0]?.lastUsedAt).toBeGreaterThan(0));
  });

  it('are nobody once they have run out', async () => {
    await using opened = await claimed();
    const { token, row } = await opened.people.tokens.create(opened.caller, { name: 'old', scope: 'read', expiresInDays: 1 });
    const later = { ...opened.options, clock: { ...opened.options.clock, now: () => (row.expiresAt ?? 0) + 1 } };
    const people = await createPeople(later);
    expect(await people.authenticate({ authorization: `Bearer ${token}` })).toBeUndefined();
    people.stop();
  });

  it('are nobody when wrong, even beside a good cookie', async () => {
    await using opened = await claimed();
    expect(await opened.people.authenticate({ ...opened.headers, authorization: 'Bearer cl_wrong' })).toBeUndefined();
    expect(await opened.people.authenticate({ ...opened.headers, authorization: 'Basic eDp5' })).toBeUndefined();
  });
});
