import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import '@cloudless/identity';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { createCoordinator } from './coordinator.ts';
import type { CrashPointName } from './crash-points.ts';
import type { ApiEndpoints } from './gateway/main-routes.ts';
import type { ApiParts } from './parts.ts';

const OWNER = { name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' };

/** Just the two procedures that these tests call. */
function createSmallApi({ people, describeCluster }: ApiParts): ApiEndpoints {
  async function claim(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const input = JSON.parse(body) as typeof OWNER & { code: string };
    const { setCookies } = await people.claim(input, {
      headers: request.headers,
      remoteAddress: String(request.headers['x-forwarded-for']),
    });
    response.setHeader('set-cookie', setCookies);
    response.end('{}');
  }
  return {
    trpcHttp: claim,
    rest: async (request, response) =>
      void response.end(JSON.stringify({ caller: await people.authenticate(request.headers), cluster: describeCluster() })),
    trpcWebSocket: (socket) => socket.close(),
  };
}

async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), 'cloudless-coordinator-'));
  const codeFile = join(path, 'coordinator/claim-code');
  return {
    path,
    codeFile,
    readCode: () => readFile(codeFile, 'utf8'),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function start(folder: string, crashPoint?: (name: CrashPointName) => void) {
  const coordinator = await createCoordinator({
    config: parseConfig({ CLOUDLESS_DATA: folder, CLOUDLESS_PORT: '0' }),
    clock: createRealClock(),
    entropy: createRealEntropy(),
    logger: nullLogger,
    machine: () => ({ hostname: 'attic', addresses: [] }),
    version: '9.9.9',
    createApi: createSmallApi,
    ...(crashPoint ? { crashPoint } : {}),
  });
  const { url } = coordinator;
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', origin: url }, body: JSON.stringify(body) });
  return {
    coordinator,
    post,
    get: (path: string, cookie = '') => fetch(`${url}${path}`, { headers: { cookie } }),
    claim: (code: string) => post('/trpc/claim.submit', { ...OWNER, code }),
    [Symbol.asyncDispose]: () => coordinator.stop(),
  };
}

const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

describe('the coordinator', () => {
  it('is claimed, signs in, and knows its owner after a restart', async () => {
    await using folder = await createFolder();
    let cookie = '';
    {
      await using first = await start(folder.path);
      cookie = cookieOf(await first.claim(await folder.readCode()));
      expect(await (await first.get('/api/v1/me', cookie)).json()).toMatchObject({
        caller: { name: 'Ada', role: 'owner' },
        cluster: { version: '9.9.9', epoch: 1 },
      });
    }
    await using second = await start(folder.path);
    expect(second.coordinator.isClaimed()).toBe(true);
    expect(await (await second.get('/api/v1/me', cookie)).json()).toMatchObject({ caller: { name: 'Ada' } });
    expect((await second.post('/api/auth/sign-in/email', OWNER)).status).toBe(200);
    await expect(stat(folder.codeFile)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['people.beforeClaim', false],
    ['people.afterClaim', true],
  ] as const)('that dies at %s is whole when it starts again', async (at, claimed) => {
    await using folder = await createFolder();
    const code = await (async () => {
      await using dying = await start(folder.path, (name) => {
        if (name === at) throw new Error('killed here');
      });
      const kept = await folder.readCode();
      expect((await dying.claim(kept)).status).toBe(500);
      return kept;
    })();
    await using again = await start(folder.path);
    expect(again.coordinator.isClaimed()).toBe(claimed);
    expect((await (claimed ? again.post('/api/auth/sign-in/email', OWNER) : again.claim(code))).status).toBe(200);
    await expect(stat(folder.codeFile)).rejects.toThrow('ENOENT');
  });

  it('refuses a master key that is not its own', async () => {
    await using folder = await createFolder();
    {
      await using first = await start(folder.path);
      expect(first.coordinator.port).toBeGreaterThan(0);
    }
    await rm(join(folder.path, 'coordinator/master.key'));
    await expect(start(folder.path)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('master.key') as string,
    });
  });
});
