import { expect, test } from '@playwright/test';
import { WELCOME, type Workload } from '@cloudless/proto';
import { claimByApi, createToken, startProduct } from '@cloudless/tools/product';
import { ECHO_SPEC, importEcho } from '../src/echo-image.ts';
import { createRestClient, untilDeviceReady, untilWorkload, type Problem } from '../src/rest.ts';

test('each wrong input is named, says what to do, and loses nothing', async () => {
  await using product = await startProduct();
  const anonymous = createRestClient(product, undefined);
  await test.step('before anyone signed in', async () => {
    const refused = await anonymous.call<Problem>('GET', '/workloads');
    expect([refused.status, refused.body.code]).toEqual([401, 'unauthenticated']);
    const signUp = await fetch(`${product.url}/api/auth/sign-up/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: product.url },
      body: JSON.stringify({ email: 'eve@example.test', password: 'a long password', name: 'Eve' }),
    });
    expect(signUp.status).toBeGreaterThanOrEqual(400);
    const wrongCode = await fetch(`${product.url}/trpc/claim.submit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: product.url },
      body: JSON.stringify({ code: 'AAAA-AAAA-AAAA', name: 'Eve', email: 'eve@example.test', password: 'a long password' }),
    });
    expect(wrongCode.status).toBe(403);
  });

  const rest = createRestClient(product, await createToken(product, await claimByApi(product), 'write'));
  await untilDeviceReady(rest);
  const create = (name: string, spec: object) => rest.call<Workload & Problem>('POST', '/workloads', { metadata: { name }, spec });

  await test.step('an image name that cannot be', async () => {
    const refused = await create('bad-image', { image: 'Not An Image' });
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid_input']);
    expect(refused.body.issues?.[0]?.path).toContain('image');
  });
  await test.step('a field of the file format that is not served yet', async () => {
    const refused = await create('probe', { image: 'nginx', livenessProbe: { tcp: { port: 80 } } });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(refused.body)).toContain('livenessProbe');
  });
  await test.step('a name that is taken', async () => {
    expect((await create('twice', WELCOME.spec)).status).toBeLessThan(300);
    const refused = await create('twice', WELCOME.spec);
    expect([refused.status, refused.body.code]).toEqual([409, 'name_taken']);
  });
  await test.step('more memory than any device has: which filter, how many devices, what would help', async () => {
    const made = await create('huge', { image: 'cloudless/welcome:1', resources: { requests: { memoryBytes: 2 ** 45 } } });
    const waiting = await untilWorkload(rest, made.body.id, 'it is unplaced', (workload) => workload.status.condition === 'unplaced');
    const [unplaced] = waiting.status.unplaced;
    expect(unplaced?.reasons.map((reason) => [reason.filter, reason.nodeCount])).toEqual([['capacity', 1]]);
    expect(unplaced?.remedy?.message).toBeTruthy();
  });
  await test.step('an image whose registry cannot be reached', async () => {
    const made = await create('nowhere', { image: 'registry.invalid/none/such:1' });
    const failing = await untilWorkload(
      rest,
      made.body.id,
      'the cause is named',
      (workload) => workload.status.cause.code === 'registry_unreachable',
    );
    expect(failing.status.ready).toBe(0);
  });
  await test.step('an image for another platform', async () => {
    await importEcho('cloudless-test/foreign:1', 'linux/s390x');
    const made = await create('foreign', { ...ECHO_SPEC, image: 'cloudless-test/foreign:1' });
    const failing = await untilWorkload(
      rest,
      made.body.id,
      'the platforms are named',
      (workload) => workload.status.cause.code === 'image_platform_mismatch',
    );
    expect(failing.status.cause.message).toMatch(/s390x.*amd64|amd64.*s390x/);
  });
  await test.step('not JSON, too much, an unknown id, an unknown path', async () => {
    expect((await rest.call<Problem>('POST', '/workloads', '{"metadata":')).status).toBe(400);
    expect(
      (
        await rest.call<Problem>('POST', '/workloads', {
          metadata: { name: 'x' },
          spec: { image: 'x', env: { A: 'x'.repeat(8 * 2 ** 20) } },
        })
      ).status,
    ).toBe(413);
    expect((await rest.call<Problem>('GET', `/workloads/wl_${'a'.repeat(26)}`)).body.code).toBe('not_found');
    expect((await rest.call<Problem>('GET', '/nowhere')).status).toBe(404);
  });
  await test.step('a foreign Origin and an unknown Host', async () => {
    const foreign = await fetch(`${product.url}/trpc/claim.submit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://evil.example' },
      body: '{}',
    });
    expect(foreign.status).toBe(403);
    expect((await rest.call('GET', '/cluster')).status).toBe(200);
  });
});
