import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { claim, openMembers, OWNER, roleOf, until } from './testing/open-members.ts';

const PROGRAM = join(import.meta.dirname, 'recover-owner.ts');
const PATIENCE_MS = 60_000;

/** What the command prints, or its complaint. */
const runCommand = (environment: Readonly<Record<string, string>>): Promise<string> =>
  promisify(execFile)(process.execPath, [PROGRAM], { env: { NODE_ENV: 'test', ...environment }, timeout: PATIENCE_MS }).then(
    ({ stdout }) => stdout,
    (error: { stderr?: string }) => error.stderr ?? '',
  );

async function openClaimed() {
  const opened = await openMembers({ nodes: 3 });
  const member = await opened.start('attic');
  await until('a leader', async () => ((await roleOf(member)) === 'leader' ? true : undefined));
  await claim(member, await opened.readCode('attic'));
  const environment = {
    CLOUDLESS_DATA: opened.folderOf('attic'),
    CLOUDLESS_STORE_URL: opened.rqlite.nodes.map(({ url }) => url).join(','),
  };
  return { ...opened, member, environment };
}

describe('an owner whose cluster lies in rqlite', () => {
  it(
    'gets a code beside a coordinator that goes on leading, and signs in with the password that it sets',
    async () => {
      await using opened = await openClaimed();
      const { member } = opened;
      const said = await runCommand(opened.environment);
      expect(said).toContain(`Recovery code for ${OWNER.email}`);
      const code = /^ {4}(\S+)$/m.exec(said)?.[1];
      const password = 'another long password';
      expect((await member.post('/trpc/recovery.submit', { email: OWNER.email, code, password })).status).toBe(200);
      const signIn = (given: string) => member.post('/api/auth/sign-in/email', { email: OWNER.email, password: given });
      expect([(await signIn(password)).status, (await signIn(OWNER.password)).status]).toEqual([200, 401]);
      expect(await roleOf(member)).toBe('leader');
    },
    PATIENCE_MS,
  );

  it(
    'is told in one line that the address is missing, or leads to another cluster',
    async () => {
      await using opened = await openClaimed();
      const { CLOUDLESS_DATA: folder } = opened.environment;
      expect(await runCommand({ CLOUDLESS_DATA: folder })).toMatch(
        /^The data folder belongs to cluster \S+, which lies in rqlite, and [^\n]*\n$/,
      );
      await using other = await openClaimed();
      expect(await runCommand({ ...other.environment, CLOUDLESS_DATA: folder })).toMatch(/^The data folder belongs to cluster [^\n]*\n$/);
      await rm(join(folder, 'coordinator', 'cluster-id'));
      expect(await runCommand({ CLOUDLESS_DATA: folder })).toMatch(/^There is no cluster in [^\n]*\n$/);
    },
    PATIENCE_MS,
  );
});
