import { expect, test } from '@playwright/test';
import { killContainer, listContainers, startProduct } from '@cloudless/tools/product';
import { claimWithPassword } from '../src/person.ts';

test('a new owner claims, installs Welcome, opens it, reads its log, scales, sees a repair, stops and deletes', async ({
  page,
  context,
}) => {
  await using product = await startProduct();

  await test.step('nothing but the claim page opens before there is an owner', async () => {
    await page.goto(`${product.url}/devices`);
    await expect(page).toHaveURL(/\/claim/);
  });
  await test.step('claim with the one-time code and keep the recovery codes', async () => {
    const codes = await claimWithPassword(page, product);
    expect(codes.length).toBeGreaterThanOrEqual(8);
    await expect(page).toHaveURL(`${product.url}/`);
  });
  await test.step('this machine is the first device, and online', async () => {
    await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
    await expect(page.getByText('Online', { exact: true }).first()).toBeVisible();
  });
  await test.step('one click installs Welcome, which runs', async () => {
    await page.getByRole('link', { name: 'Home', exact: true }).first().click();
    await page
      .getByRole('button', { name: /^Install/ })
      .first()
      .click();
    await expect(page).toHaveURL(/\/apps\/wl_/, { timeout: 20_000 });
    await expect(page.getByText('Running', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  });
  const workloadId = /wl_[a-z2-7]{26}/.exec(page.url())?.[0] ?? '';
  const mine = async () => (await listContainers()).filter((container) => container.workload === workloadId && container.running);

  await test.step('Open leads to its page, which names the device', async () => {
    const opened = context.waitForEvent('page');
    await page.getByRole('link', { name: 'Open', exact: true }).first().click();
    const app = await opened;
    await expect(app.getByRole('heading').first()).toBeVisible();
    await expect(app.locator('body')).toContainText(/runs on/i);
    await app.close();
  });
  await test.step('the request just made stands in the live log', async () => {
    await page
      .getByRole('tab', { name: 'Logs' })
      .or(page.getByRole('link', { name: 'Logs' }))
      .first()
      .click();
    await expect(page.getByRole('log', { name: 'Logs' })).toContainText('GET', { timeout: 20_000 });
  });
  await test.step('scale to three', async () => {
    await page
      .getByRole('tab', { name: 'Overview' })
      .or(page.getByRole('link', { name: 'Overview' }))
      .first()
      .click();
    await page.getByRole('button', { name: 'Scale', exact: true }).first().click();
    await page.getByLabel('Replicas').last().fill('3');
    await page.getByRole('dialog').getByRole('button', { name: 'Scale', exact: true }).click();
    await expect.poll(async () => (await mine()).length, { timeout: 60_000 }).toBe(3);
  });
  await test.step('a container killed comes back by itself', async () => {
    const [victim] = await mine();
    await killContainer(victim?.id ?? '');
    await expect.poll(async () => (await mine()).length, { timeout: 30_000 }).toBe(3);
    await expect(page.getByText('Running', { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  });
  await test.step('stop ends the containers and keeps the app', async () => {
    await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
    const confirm = page.getByRole('alertdialog').or(page.getByRole('dialog')).getByRole('button', { name: 'Stop', exact: true });
    if (await confirm.isVisible()) await confirm.click();
    await expect.poll(async () => (await mine()).length, { timeout: 60_000 }).toBe(0);
    await expect(page.getByText('Stopped', { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  });
  await test.step('delete lists what goes, and leaves nothing', async () => {
    await page
      .getByRole('tab', { name: 'Settings' })
      .or(page.getByRole('main').getByRole('link', { name: 'Settings' }))
      .first()
      .click();
    await page.getByRole('button', { name: 'Delete', exact: true }).first().click();
    const dialog = page.getByRole('alertdialog').or(page.getByRole('dialog'));
    await expect(dialog).toContainText('welcome');
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(page).toHaveURL(/\/apps$/, { timeout: 30_000 });
    await expect
      .poll(async () => (await listContainers()).filter((container) => container.workload === workloadId).length, { timeout: 30_000 })
      .toBe(0);
  });
});

test('sign-in is refused without the claim, and after it only the right password opens', async ({ page }) => {
  await using product = await startProduct({ flags: ['--no-agent'] });
  await page.goto(`${product.url}/sign-in`);
  await expect(page).toHaveURL(/\/claim/);
  await claimWithPassword(page, product);
  await page.context().clearCookies();
  await page.goto(`${product.url}/apps`);
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByLabel('E-mail').fill('ada@example.test');
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('alert').filter({ hasText: /./ }).first()).toBeVisible();
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(`${product.url}/apps`);
});
