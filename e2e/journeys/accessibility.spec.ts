import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { createToken, startProduct } from '@cloudless/tools/product';
import { LOOKS, openScene, overflowOf, type Look } from '../src/look.ts';
import { claimWithPassword } from '../src/person.ts';
import { createRestClient } from '../src/rest.ts';
import { EMPTY, inhabit, inhabitedScenes, SIGNED_OUT, UNCLAIMED, type Scene } from '../src/scenes.ts';

/** What is wrong with a page, one line each, as `scene, look: rule: element`. */
async function faultsOf(page: Page, url: string, scenes: readonly Scene[], looks: readonly Look[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const scene of scenes) {
    for (const look of looks) {
      const at = `${scene.name}, ${look.name}`;
      await openScene(page, url, scene, look);
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const { id, nodes } of violations) faults.push(...nodes.map((node) => `${at}: ${id}: ${node.target.join(' ')}`));
      const overflow = await overflowOf(page);
      if (overflow > 0) faults.push(`${at}: ${overflow} px wider than the window`);
    }
  }
  return faults;
}

test('every page is accessible, fits a phone, and breaks no rule of its own content policy', async ({ page }) => {
  test.setTimeout(400_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  await using product = await startProduct();
  const [desktop, , , phone] = LOOKS;
  // Each width and each theme once.
  const looks = [desktop, phone].filter((look) => look !== undefined);

  expect(await faultsOf(page, product.url, UNCLAIMED, LOOKS)).toEqual([]);
  await claimWithPassword(page, product);
  expect(await faultsOf(page, product.url, EMPTY, LOOKS)).toEqual([]);
  const cookie = (await page.context().cookies(product.url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const inhabited = await inhabit(createRestClient(product, await createToken(product, cookie, 'write')));
  expect(await faultsOf(page, product.url, inhabitedScenes(inhabited), looks)).toEqual([]);
  await page.context().clearCookies();
  expect(await faultsOf(page, product.url, SIGNED_OUT, LOOKS)).toEqual([]);
  // A page that does not exist answers 404, which the browser itself writes to the console.
  expect(complaints.filter((line) => !/status of 40[14]/.test(line))).toEqual([]);
});
