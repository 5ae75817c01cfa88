import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { startProduct } from '@cloudless/tools/product';
import { claimWithPassword } from '../src/person.ts';

const NOTICES = 'How current this page is';
const faultsOf = async (page: Page) => (await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id);
const PHONE = { width: 390, height: 844 };

test('an open page says that it is of an earlier release, and that it is not live, how old it is and why', async ({ page }) => {
  await using product = await startProduct({ flags: ['--no-agent'] });
  const told: string[] = [];
  let close = (): Promise<void> => Promise.resolve();
  let release: string | undefined;
  // The coordinator is another release to the page after the first connection.
  await page.routeWebSocket(/\/trpc/, (socket) => {
    const server = socket.connectToServer();
    close = () => socket.close();
    server.onMessage((message) => {
      const text = String(message);
      told.push(...[...text.matchAll(/"version":"([^"]+)"/g)].map(([, version = '']) => version));
      socket.send(release === undefined ? text : text.replace(/("kind":"tick"[^}]*"version":")[^"]+/, `$1${release}`));
    });
  });
  await claimWithPassword(page, product);
  await expect.poll(() => told.length, { message: 'the first word names the release' }).toBeGreaterThan(0);
  const notices = page.getByRole('region', { name: NOTICES });
  await expect(notices).toHaveCount(0);

  await test.step('another release answers', async () => {
    release = '9.9.9';
    await close();
    await expect(notices).toContainText('Cloudless was updated to 9.9.9');
    expect(await faultsOf(page)).toEqual([]);
    release = undefined;
    await notices.getByRole('button', { name: 'Load the page again' }).click();
    await expect(page.locator('main [data-loading]')).toHaveCount(0);
    await expect(notices).toHaveCount(0);
  });

  await test.step('the coordinator is gone', async () => {
    await page.setViewportSize(PHONE);
    await product.interrupt();
    await expect(notices).toContainText('The coordinator cannot be reached.', { timeout: 40_000 });
    await expect(notices.locator('time')).toBeVisible();
    await expect(notices).toBeInViewport();
    expect(await faultsOf(page)).toEqual([]);
  });
});
