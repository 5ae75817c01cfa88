import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { organization } from 'better-auth/plugins';
import { apiKey } from '@better-auth/api-key';
import { passkey } from '@better-auth/passkey';
import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { createTestStore, type OpenTestDatabase } from '@cloudless/db/testing';
import { createPrismaClient } from '@cloudless/db/prisma';
import { describeOnRqlited } from '@cloudless/db/testing/real-rqlite';

async function openOn(openDatabase?: OpenTestDatabase) {
  const opened = await createTestStore(openDatabase ? { openDatabase } : {});
  const prisma = createPrismaClient({
    driver: opened.driver,
    clock: createManualClock(),
    entropy: createSeededEntropy(2),
    token: opened.cluster.token,
  });
  const auth = betterAuth({
    baseURL: 'http://127.0.0.1:7600',
    secret: 'a secret of this test, long enough for better-auth',
    database: prismaAdapter(prisma, { provider: 'sqlite', transaction: false }),
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [organization(), passkey(), apiKey({ rateLimit: { enabled: false } })],
  });
  return { ...opened, prisma, auth, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

const ADA = { name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' };
const bearer = (headers: Headers): Headers =>
  new Headers({
    cookie: headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; '),
  });

function describeSuite(openPeople: () => ReturnType<typeof openOn>): void {
  it('signs a person up, in and out', async () => {
    await using people = await openPeople();
    const { headers } = await people.auth.api.signUpEmail({ body: ADA, returnHeaders: true });
    const session = await people.auth.api.getSession({ headers: bearer(headers) });
    expect(session?.user.email).toBe(ADA.email);
    expect(session?.session.expiresAt).toBeInstanceOf(Date);
    await people.auth.api.signOut({ headers: bearer(headers) });
    expect(await people.auth.api.getSession({ headers: bearer(headers) })).toBeNull();
    const again = await people.auth.api.signInEmail({ body: ADA });
    expect(again.user.name).toBe('Ada');
  });

  it('refuses a second account of one address', async () => {
    await using people = await openPeople();
    await people.auth.api.signUpEmail({ body: ADA });
    await expect(people.auth.api.signUpEmail({ body: ADA })).rejects.toThrow(/exists/i);
  });

  it('makes an organisation with its member', async () => {
    await using people = await openPeople();
    const { headers } = await people.auth.api.signUpEmail({ body: ADA, returnHeaders: true });
    const made = await people.auth.api.createOrganization({ body: { name: 'Attic', slug: 'attic' }, headers: bearer(headers) });
    const listed = await people.auth.api.listOrganizations({ headers: bearer(headers) });
    expect(listed.map(({ id }) => id)).toContain(made?.id);
    expect(await people.prisma.member.count({ where: { organizationId: made?.id ?? '' } })).toBe(1);
  });

  it('makes, verifies and deletes an API key', async () => {
    await using people = await openPeople();
    const { headers } = await people.auth.api.signUpEmail({ body: ADA, returnHeaders: true });
    const made = await people.auth.api.createApiKey({ body: { name: 'deploy' }, headers: bearer(headers) });
    const checked = await people.auth.api.verifyApiKey({ body: { key: made.key } });
    expect(checked).toMatchObject({ valid: true, key: { name: 'deploy' } });
    await people.auth.api.deleteApiKey({ body: { keyId: made.id }, headers: bearer(headers) });
    expect(await people.auth.api.verifyApiKey({ body: { key: made.key } })).toMatchObject({ valid: false });
  });

  it('leaves a change pointer for each changed row', async () => {
    await using people = await openPeople();
    await people.auth.api.signUpEmail({ body: ADA });
    const { rows } = await people.driver.query({
      sql: "SELECT table_name, op FROM change WHERE table_name IN ('user', 'account', 'session') ORDER BY seq",
    });
    expect(rows).toEqual([
      ['user', 'put'],
      ['account', 'put'],
      ['session', 'put'],
    ]);
  });
}

describe('better-auth over the Prisma adapter', () => {
  describe('on SQLite', () => {
    describeSuite(() => openOn());
  });
  describeOnRqlited(1, (empty) =>
    describeSuite(() =>
      openOn(async () => {
        const driver = await (await empty()).open();
        return { driver, close: () => driver.stop() };
      }),
    ),
  );
});
