import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../gateway/admission.ts';
import { createHostPolicy } from '../../gateway/host-policy.ts';
import type { OnFailed } from './forward.ts';
import { createStandbyRoutes } from './standby-routes.ts';

const hosts = createHostPolicy({ host: '127.0.0.1', publicUrls: [], machine: () => ({ hostname: 'loft', addresses: [] }) });

/** A standby whose connection to the leader breaks before an answer begins. */
async function openStandby(wasSent: boolean) {
  const fail = (onFailed: OnFailed): void => onFailed(new Error('the connection broke'), wasSent);
  const { main } = createStandbyRoutes({
    admission: createAdmission(hosts),
    forwarder: {
      request: (_request, _response, _port, onFailed) => fail(onFailed),
      upgrade: (_request, _socket, _head, _port, onFailed) => fail(onFailed),
    },
    telemetry: { contentType: '', text: () => Promise.resolve(''), begin: () => () => undefined },
    coordinatorId: 'coord_loft',
    name: 'loft',
    problem: () => undefined,
  });
  const server = createServer((request, response) => main.onRequest(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    async ask(method: string) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/workloads`, { method });
      const { code } = (await answer.json()) as { code: string };
      return [answer.status, code, answer.headers.get('retry-after')];
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a standby that gets no answer of the leader', () => {
  it('does not know what became of a change that was sent, and says so, with no word of trying again', async () => {
    await using standby = await openStandby(true);
    expect(await standby.ask('POST')).toEqual([503, 'outcome_unknown', null]);
    expect(await standby.ask('DELETE')).toEqual([503, 'outcome_unknown', null]);
  });

  it('has a question asked again', async () => {
    await using standby = await openStandby(true);
    expect(await standby.ask('GET')).toEqual([503, 'no_leader', '2']);
  });

  it('has a change asked for again that was never sent', async () => {
    await using standby = await openStandby(false);
    expect(await standby.ask('POST')).toEqual([503, 'no_leader', '2']);
  });
});
