import { err, ok } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { describe, expect, it } from 'vitest';
import { INSPECTOR } from '../testing/inspector-identity.ts';
import { THROWAWAY_IDENTITY } from '../testing/throwaway-identity.ts';
import { startTlsInterceptor } from '../testing/tls-interceptor.ts';
import { startEndpoint } from '../testing/tls-pair.ts';
import { dialCoordinator } from './index.ts';

const clock = createRealClock();
const entropy = createRealEntropy();
const dialAt = (port: number, judgeCoordinator: Parameters<typeof dialCoordinator>[0]['judgeCoordinator'] = ok) =>
  dialCoordinator({ entropy, url: `wss://127.0.0.1:${port}/agent`, identity: THROWAWAY_IDENTITY, judgeCoordinator, clock });
const failureAt = (...to: Parameters<typeof dialAt>): Promise<unknown> => dialAt(...to).catch((error: unknown) => error);

describe('a box that decrypts what passes', () => {
  it('is named by its authority when it lets nothing pass', async () => {
    const endpoint = await startEndpoint();
    await using box = await startTlsInterceptor({ target: { port: endpoint.port }, upgrades: 'refused' });
    const failed = await failureAt(box.port);
    expect(failed).toMatchObject({ name: 'DialFailed', hop: 'tls', interceptedBy: INSPECTOR, retry: true });
    expect(String(failed)).toMatch(
      /TLS is intercepted by Contoso TLS Inspection CA .* answered 403 .* another network.* More: https:\/\/[^ ]+\/docs\/errors\/tls_intercepted$/,
    );
    endpoint.stop();
  });

  it('is named when it breaks the connection off', async () => {
    await using box = await startTlsInterceptor({ target: { port: 1 }, upgrades: 'passed' });
    expect(await failureAt(box.port)).toMatchObject({ hop: 'tls', interceptedBy: INSPECTOR });
  });

  it.each(['passed', 'websockets'] as const)(
    'is in nobody\u2019s way when upgrades are %s: the link is encrypted inside',
    async (upgrades) => {
      const endpoint = await startEndpoint();
      await using box = await startTlsInterceptor({ target: { port: endpoint.port }, upgrades });
      const link = await dialAt(box.port);
      await link.probe('control');
      link.close({ code: 'closed', message: 'done', retry: false });
      endpoint.stop();
    },
  );

  it('is not what is blamed when another coordinator answers behind it', async () => {
    const endpoint = await startEndpoint();
    await using box = await startTlsInterceptor({ target: { port: endpoint.port }, upgrades: 'passed' });
    const failed = await failureAt(box.port, () => err('its certificate authority is not the one that the join token names'));
    expect(failed).toMatchObject({ code: 'certificate_refused', hop: 'pin', interceptedBy: undefined });
    endpoint.stop();
  });

  it('is not suspected behind a certificate that vouches for itself', async () => {
    const endpoint = await startEndpoint(clock, true);
    endpoint.refuseUpgrades();
    expect(await failureAt(endpoint.port)).toMatchObject({ hop: 'http', interceptedBy: undefined });
    endpoint.stop();
  });
});
