import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type Page } from '@playwright/test';
import { createToken, startProduct } from '@cloudless/tools/product';
import { contactSheet, type Picture } from '../src/contact-sheet.ts';
import { LOOKS, openScene } from '../src/look.ts';
import { claimWithPassword } from '../src/person.ts';
import { createRestClient } from '../src/rest.ts';
import { BROKEN, CROWDED, EMPTY, fillWithApps, inhabit, inhabitedScenes, SIGNED_OUT, UNCLAIMED, type Scene } from '../src/scenes.ts';

const FOLDER = join(import.meta.dirname, '..', 'gallery-results');
const MANY = 500;

async function photograph(page: Page, url: string, scenes: readonly Scene[], pictures: Picture[]): Promise<void> {
  for (const scene of scenes) {
    for (const look of LOOKS) {
      const file = `${scene.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${look.name}.png`;
      await openScene(page, url, scene, look);
      await page.screenshot({ path: join(FOLDER, file), animations: 'disabled' });
      pictures.push({ scene: scene.name, look: look.name, width: look.width, file });
    }
  }
}

test('every page in every state, width and theme', async ({ page }) => {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  const pictures: Picture[] = [];
  const take = (scenes: readonly Scene[]): Promise<void> => photograph(page, product.url, scenes, pictures);
  await using product = await startProduct();
  await take(UNCLAIMED);
  await claimWithPassword(page, product);
  await take(EMPTY);
  const cookie = (await page.context().cookies(product.url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const rest = createRestClient(product, await createToken(product, cookie, 'write'));
  await take(inhabitedScenes(await inhabit(rest)));

  await test.step('calls that are refused, and live changes that do not come', async () => {
    await page.route('**/trpc/**', (route) => route.fulfill({ status: 503, contentType: 'text/plain', body: 'out of order' }));
    await take(BROKEN);
    await page.unroute('**/trpc/**');
  });
  await fillWithApps(rest, MANY);
  await take(CROWDED);
  await page.context().clearCookies();
  await take(SIGNED_OUT);
  await writeFile(join(FOLDER, 'index.html'), contactSheet(pictures));
});
