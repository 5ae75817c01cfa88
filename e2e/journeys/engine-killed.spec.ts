import { expect, test } from '@playwright/test';
import { WELCOME, type CloudlessNode, type Workload } from '@cloudless/proto';
import { claimByApi, createToken, listContainers, startOwnEngine, startProduct, type OwnedContainer } from '@cloudless/tools/product';
import { createRestClient, untilDeviceReady, untilWorkload, type RestClient } from '../src/rest.ts';

/** Points of a deploy on the engine, in their order, by what it holds of the app. */
const POINTS: Readonly<Record<string, (containers: readonly OwnedContainer[]) => boolean>> = {
  'before it holds anything': () => true,
  'when it holds a container': (containers) => containers.length > 0,
  'when one runs': (containers) => containers.some(({ running }) => running),
  'when both run': (containers) => containers.filter(({ running }) => running).length === 2,
};

const wordOf = async (rest: RestClient): Promise<string | undefined> =>
  (await rest.call<{ rows: CloudlessNode[] }>('GET', '/nodes')).body.rows[0]?.state.word;

test('an engine killed at any point of a deploy loses nothing, doubles nothing, and is told as it is', async () => {
  await using engine = await startOwnEngine();
  await using product = await startProduct({ env: { DOCKER_HOST: engine.address } });
  const rest = createRestClient(product, await createToken(product, await claimByApi(product), 'write'));
  await untilDeviceReady(rest);
  for (const [point, isThere] of Object.entries(POINTS)) {
    await test.step(point, async () => {
      const made = await rest.call<Workload>('POST', '/workloads', {
        metadata: { name: 'survivor' },
        spec: { ...WELCOME.spec, replicas: 2 },
      });
      const { id } = made.body;
      const own = async () => (await listContainers(engine.address)).filter(({ workload }) => workload === id);
      await expect.poll(async () => isThere(await own()), { timeout: 20_000, intervals: [20] }).toBe(true);
      await engine.kill();
      await expect.poll(() => wordOf(rest), { message: 'the device is not shown as well', timeout: 20_000 }).not.toBe('online');
      await engine.startAgain();
      // What the device said before is shown, with its age, until it has looked again: the engine itself is asked first.
      const running = async () => (await own()).filter((container) => container.running).map(({ allocation }) => allocation);
      await expect.poll(async () => (await running()).length, { message: 'both run again', timeout: 30_000 }).toBe(2);
      expect(new Set(await running()).size, 'of two replicas').toBe(2);
      await untilWorkload(rest, id, 'both replicas are ready', ({ status }) => status.ready === 2);
      await rest.call('DELETE', `/workloads/${id}`);
      await expect.poll(async () => (await rest.call('GET', `/workloads/${id}`)).status, { timeout: 30_000 }).toBe(404);
      expect(await own()).toEqual([]);
      await expect.poll(() => wordOf(rest), { timeout: 20_000 }).toBe('online');
    });
  }
});
