import { readFileSync } from 'node:fs';
import { createManualClock, createSeededEntropy } from '@cloudless/kernel/testing';
import { describe, expect, it } from 'vitest';
import { openCluster } from '../../open-cluster.ts';
import { createTestStore } from '../../testing/create-test-store.ts';
import { describeEachDatabase } from '../../testing/describe-databases.ts';
import { openSqliteDatabase } from '../../testing/test-databases.ts';
import { createLossyDriver, type Loss } from '../../testing/lossy-driver.ts';
import { CloudlessError } from '@cloudless/proto';
import { createPrismaClient } from './create-prisma-client.ts';
import { findWrapped } from './prisma-errors.ts';

const clock = createManualClock();

/** Prisma over a founded cluster; the answers to writes are lost as `losses` says. */
async function openPrisma(losses: (Loss | undefined)[] = [], openDatabase = openSqliteDatabase) {
  const opened = await createTestStore({ openDatabase });
  const driver = createLossyDriver(opened.driver, (id) => (id.startsWith('void-') ? undefined : losses.shift()));
  const prisma = createPrismaClient({ driver, clock, entropy: createSeededEntropy(5), token: opened.cluster.token });
  return { ...opened, prisma, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

const AT = new Date('2026-03-01T12:00:00.123Z');
const person = (id: string, email = `${id}@example.org`) => ({ id, name: 'Ada', email, emailVerified: true, createdAt: AT, updatedAt: AT });
const passkey = (counter: number) => ({
  id: 'p',
  publicKey: 'k',
  userId: 'u',
  credentialID: 'c',
  counter,
  deviceType: 'x',
  backedUp: false,
});

describeEachDatabase((_name, openDatabase) => {
  const openOn = (losses?: (Loss | undefined)[]): ReturnType<typeof openPrisma> => openPrisma(losses, openDatabase);

  it('writes and reads each kind of value as it was', async () => {
    await using opened = await openOn();
    const { user, passkey: passkeys } = opened.prisma;
    expect(await user.create({ data: person('u') })).toEqual({ ...person('u'), image: null });
    expect(await user.findUnique({ where: { email: 'u@example.org' } })).toEqual({ ...person('u'), image: null });
    expect((await passkeys.create({ data: passkey(2 ** 31 - 1) })).counter).toBe(2 ** 31 - 1);
    expect(await opened.driver.query({ sql: 'SELECT "createdAt", "emailVerified" FROM user' })).toMatchObject({
      rows: [['2026-03-01T12:00:00.123Z', 1]],
    });
  });

  it('filters, orders, counts and pages', async () => {
    await using opened = await openOn();
    const { user } = opened.prisma;
    for (const [index, id] of ['a', 'b', 'c', 'd'].entries())
      await user.create({ data: { ...person(id), createdAt: new Date(AT.getTime() + index * 1000) } });
    const newest = await user.findMany({
      where: { createdAt: { gte: new Date(AT.getTime() + 1000) } },
      orderBy: { createdAt: 'desc' },
      take: 2,
      skip: 1,
    });
    expect(newest.map(({ id }) => id)).toEqual(['c', 'b']);
    expect(await user.count({ where: { email: { contains: 'example' } } })).toBe(4);
    expect((await user.updateMany({ where: { id: { in: ['a', 'b', 'none'] } }, data: { name: 'Bob' } })).count).toBe(2);
    expect((await user.deleteMany({ where: { name: 'Bob' } })).count).toBe(2);
  });

  it('names the column of a value that is taken', async () => {
    await using opened = await openOn();
    await opened.prisma.user.create({ data: person('u') });
    await expect(opened.prisma.user.create({ data: person('v', 'u@example.org') })).rejects.toMatchObject({ code: 'P2002' });
  });

  it('refuses transactions of every kind, and nothing of them happens', async () => {
    await using opened = await openOn();
    const { prisma } = opened;
    await expect(
      prisma.$transaction([prisma.user.create({ data: person('u') }), prisma.user.create({ data: person('w') })]),
    ).rejects.toThrow(/transactions are refused/);
    await expect(prisma.$transaction(async (within) => within.user.create({ data: person('v') }))).rejects.toThrow(
      /transactions are refused/,
    );
    expect(await prisma.user.count()).toBe(0);
  });

  it('refuses raw statements that the port refuses, and reads that write', async () => {
    await using opened = await openOn();
    await expect(opened.prisma.$executeRawUnsafe('PRAGMA foreign_keys = OFF')).rejects.toThrow();
    await opened.prisma.user.create({ data: person('u') });
    await expect(opened.prisma.$queryRawUnsafe('DELETE FROM user; SELECT 1')).rejects.toThrow();
    expect(await opened.prisma.user.count()).toBe(1);
  });

  it('writes nothing for a coordinator that was taken over', async () => {
    await using opened = await openOn();
    await openCluster({ driver: opened.driver, clock, entropy: createSeededEntropy(6) });
    await expect(opened.prisma.user.create({ data: person('u') })).rejects.toThrow(/taken over/);
    expect(await opened.prisma.user.count()).toBe(0);
  });

  it('says that a change is stored when only its answer was lost, and repeats none', async () => {
    await using opened = await openOn(['happened']);
    await expect(opened.prisma.user.create({ data: person('u') })).rejects.toThrow(/stored/);
    expect(await opened.prisma.user.count()).toBe(1);
  });
});

const TYPES: Readonly<Record<string, string>> = { String: 'TEXT', DateTime: 'DATETIME', Boolean: 'BOOLEAN', Int: 'INTEGER' };

describe('the Prisma schema', () => {
  it('names the columns that the migrations make, with their types and whether they may be empty', async () => {
    await using opened = await createTestStore();
    const schema = readFileSync(new URL('schema.prisma', import.meta.url), 'utf8');
    const models = Array.from(schema.matchAll(/model \w+ \{([\s\S]*?)@@map\("(\w+)"\)/g), ([, fields = '', table = '']) => ({
      fields,
      table,
    }));
    expect(models.length).toBeGreaterThan(8);
    for (const { fields, table } of models) {
      const wanted = Array.from(fields.matchAll(/^ {2}(\w+) (\w+)(\??)/gm), ([, name = '', type = '', optional]) => [
        name,
        TYPES[type],
        optional === '?' ? 0 : 1,
      ]);
      const made = await opened.driver.query({
        sql: 'SELECT name, type, "notnull" FROM pragma_table_info(?) ORDER BY name',
        params: [table],
      });
      expect(made.rows).toEqual(wanted.toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)));
    }
  });
});

it('a failure of the database is found again in what Prisma makes of it, and nothing else is', async () => {
  await using opened = await openPrisma();
  const away = new CloudlessError('store_unavailable', 'The database did not answer a read: nobody leads.');
  const driver = { ...opened.driver, query: () => Promise.reject(away) };
  const prisma = createPrismaClient({ driver, clock, entropy: createSeededEntropy(5), token: opened.cluster.token });
  const thrown = await prisma.user.findMany().catch((cause: unknown) => cause);
  expect(findWrapped(thrown)).toMatchObject({ code: away.code, message: away.message });
  await opened.prisma.user.create({ data: person('u') });
  const taken = await opened.prisma.user.create({ data: person('u') }).catch((cause: unknown) => cause);
  expect(taken).toMatchObject({ code: 'P2002' });
  expect(findWrapped(taken)).toBeUndefined();
});
