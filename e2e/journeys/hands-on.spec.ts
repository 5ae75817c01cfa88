import { expect, test, type Page } from '@playwright/test';
import { WELCOME, type Allocation, type ClusterEvent, type CloudlessNode, type Workload } from '@cloudless/proto';
import { createToken, startProduct } from '@cloudless/tools/product';
import { claimWithPassword } from '../src/person.ts';
import { createRestClient, untilDeviceReady, untilWorkload, type RestClient } from '../src/rest.ts';

const MAIN = 'main';

/** The English sentences in which the coordinator tells of all there is. */
async function sentencesOf(rest: RestClient): Promise<readonly string[]> {
  const rows = async <Row>(path: string): Promise<readonly Row[]> => (await rest.call<{ rows: Row[] }>('GET', path)).body.rows;
  const [events, apps, replicas, nodes] = await Promise.all([
    rows<ClusterEvent>('/events?limit=100'),
    rows<Workload>('/workloads'),
    rows<Allocation>('/allocations'),
    rows<CloudlessNode>('/nodes'),
  ]);
  return [
    ...events.flatMap(({ message, params }) => [message, String(params['cause'] ?? '')]),
    ...apps.flatMap(({ status }) => [
      status.cause.message,
      ...status.unplaced.flatMap(({ reasons, remedy }) => [...reasons, ...(remedy ? [remedy] : [])].map(({ message }) => message)),
    ]),
    ...replicas.flatMap(({ placement, observed }) => [placement.message, observed.cause.message]),
    ...nodes.map(({ state }) => state.cause.message),
  ].filter((sentence) => sentence.includes(' '));
}

/** Opens a page and waits until it has its data, so that it hears keys. */
async function open(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await expect(page.getByRole(MAIN)).toBeVisible();
  await expect(page.locator(`${MAIN} [data-loading]`)).toHaveCount(0);
}

async function foreignWordsOn(page: Page, sentences: readonly string[]): Promise<readonly string[]> {
  const text = (await page.getByRole(MAIN).innerText()).toLowerCase();
  return [...new Set(sentences)].filter((sentence) => text.includes(sentence.toLowerCase()));
}

test('a device is drained within a time, tells what stays and why, and all of it is in the language of who reads', async ({
  page,
  context,
}) => {
  await using product = await startProduct();
  await claimWithPassword(page, product);
  const cookie = (await context.cookies(product.url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const rest = createRestClient(product, await createToken(product, cookie, 'write'));
  const node = await untilDeviceReady(rest);
  const create = async (name: string, spec: object): Promise<string> =>
    (await rest.call<Workload>('POST', '/workloads', { metadata: { name }, spec })).body.id;
  const welcome = await create('welcome', WELCOME.spec);
  const tooBig = await create('too-big', { image: 'cloudless/welcome:1', resources: { requests: { memoryBytes: 2 ** 45 } } });
  const failing = await create('failing', { image: 'registry.invalid/none/such:1' });
  await untilWorkload(rest, welcome, 'it runs', ({ status }) => status.ready === 1);
  await untilWorkload(rest, tooBig, 'it waits', ({ status }) => status.condition === 'unplaced');
  await untilWorkload(rest, failing, 'it fails', ({ status }) => status.cause.code === 'registry_unreachable');
  await expect
    .poll(
      async () =>
        (await rest.call<{ rows: ClusterEvent[] }>('GET', '/events?limit=100')).body.rows
          .filter(({ kind }) => kind === 'allocation.stopRequested')
          .map(({ params }) => params['code']),
      { message: 'its replica is given up for another try', timeout: 60_000 },
    )
    .toContain('failed');
  await rest.call('POST', `/workloads/${failing}/stop`);
  await untilWorkload(rest, failing, 'it is stopped', ({ status }) => status.condition === 'stopped');

  await test.step('drain, with a deadline', async () => {
    await page.goto(`${product.url}/devices/${node.id}`);
    await page.getByRole('button', { name: 'Drain', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('1 replica is to move.');
    await dialog.getByLabel('Within').selectOption({ label: '30 min' });
    await dialog.getByRole('button', { name: 'Drain', exact: true }).click();
    const left = page.getByRole('list', { name: 'What is still here' });
    await expect(left).toContainText('welcome 1');
    await expect(left).toContainText(`No other device takes it. ${node.name} is being drained.`);
    await expect(page.getByRole(MAIN)).toContainText(/, in (29|30) min, what is still here is stopped/);
    await page.getByRole('button', { name: 'Change the deadline' }).click();
    await dialog.getByLabel('Within').selectOption({ label: '2 hr' });
    await dialog.getByRole('button', { name: 'Set a deadline', exact: true }).click();
    await expect(page.getByRole(MAIN)).toContainText(/, in (1|2) hr, what is still here is stopped/);
  });

  await test.step('every page in German says what the coordinator says, in German', async () => {
    await context.addCookies([{ name: 'cloudless-locale', value: 'de', url: product.url }]);
    const sentences = await sentencesOf(rest);
    expect(sentences.length).toBeGreaterThan(20);
    for (const path of [
      '/',
      '/devices',
      `/devices/${node.id}`,
      '/apps',
      `/apps/${welcome}`,
      `/apps/${tooBig}`,
      `/apps/${failing}`,
      '/activity',
    ]) {
      await open(page, `${product.url}${path}`);
      expect(await foreignWordsOn(page, sentences), path).toEqual([]);
    }
    await page.goto(`${product.url}/deploy`);
    await page.getByLabel('Image').fill('example/web:1');
    await page.getByLabel('Name').fill('planned');
    await expect(page.getByRole('region', { name: 'Was geschehen würde' })).toContainText(`${node.name} wird geleert`);
    await page.getByLabel('Name').fill('welcome');
    await page.getByRole('button', { name: 'Bereitstellen', exact: true }).click();
    const refusal = page.getByRole('alert').filter({ hasText: 'Der Name ist vergeben' });
    await expect(refusal).toContainText('Eine App namens welcome gibt es schon.');
    await expect(refusal).not.toContainText('There is an app');
  });

  await test.step('and it is let alone again', async () => {
    await context.clearCookies({ name: 'cloudless-locale' });
    await page.goto(`${product.url}/devices/${node.id}`);
    await page.getByRole('button', { name: 'Stop draining', exact: true }).click();
    await expect(page.getByRole('list', { name: 'What is still here' })).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Drain', exact: true })).toBeVisible();
  });

  await test.step('copying works where the browser has no clipboard for pages, out of a dialog too', async () => {
    await page.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })');
    await open(page, `${product.url}/devices`);
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'Add a device' }).click();
    await page.getByRole('button', { name: 'Show the command' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Copy', exact: true }).first().click();
    await expect(dialog.getByRole('status').filter({ hasText: 'Copied' })).toHaveCount(1);
    const command = await dialog.locator('code').first().innerText();
    await page.keyboard.press('Escape');
    await page.getByLabel('Filter devices').focus();
    await page.keyboard.press('Control+v');
    await expect(page.getByLabel('Filter devices')).toHaveValue(command.trim());
  });

  await test.step('the palette has what was typed before it was there', async () => {
    await open(page, `${product.url}/devices`);
    const { promise: typed, resolve } = Promise.withResolvers<void>();
    await page.route('**/_next/static/chunks/**', async (route) => {
      await typed;
      await route.continue();
    });
    await page.keyboard.press('Control+k');
    await page.keyboard.type('too-bjg');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('ig');
    resolve();
    await expect(page.getByRole('combobox')).toHaveValue('too-big');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(`${product.url}/apps/${tooBig}`);
  });
});
