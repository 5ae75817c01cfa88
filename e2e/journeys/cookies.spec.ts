import { expect, test } from '@playwright/test';
import type { Workload } from '@cloudless/proto';
import { createToken, startProduct } from '@cloudless/tools/product';
import { ECHO_SPEC, importEcho } from '../src/echo-image.ts';
import { claimWithPassword } from '../src/person.ts';
import { createRestClient, untilDeviceReady, untilWorkload } from '../src/rest.ts';

test('cookies of the dashboard never reach an app, nor those of an app the dashboard', async ({ page, context }) => {
  await importEcho(ECHO_SPEC.image);
  await using product = await startProduct();
  await claimWithPassword(page, product);
  const cookies = await context.cookies(product.url);
  expect(cookies.length).toBeGreaterThan(0);
  const header = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const rest = createRestClient(product, await createToken(product, header, 'write'));
  await untilDeviceReady(rest);
  const made = await rest.call<Workload>('POST', '/workloads', { metadata: { name: 'echo' }, spec: ECHO_SPEC });
  const running = await untilWorkload(rest, made.body.id, 'the app runs', (workload) => workload.status.ready === 1);

  await context.addCookies([{ name: 'own', value: 'of-the-app', url: running.url ?? '' }]);
  await page.goto(`${running.url}/cgi-bin/echo`);
  const seen = await page.locator('body').innerText();
  expect(seen).toContain('REQUEST_METHOD=GET');
  expect(seen).toContain('own=of-the-app');
  for (const { name, value } of cookies) {
    expect(seen).not.toContain(value);
    expect(seen).not.toContain(`${name}=`);
  }
  await page.goto(`${product.url}/apps`);
  await expect(page.getByText('echo', { exact: true }).first()).toBeVisible();
});
