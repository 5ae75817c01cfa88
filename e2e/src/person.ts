import { expect, type Page } from '@playwright/test';
import { OWNER, type Product } from '@cloudless/tools/product';

/** Claims the cluster in the browser as a person does, with a password; ends on Home. Returns the recovery codes shown. */
export async function claimWithPassword(page: Page, product: Product): Promise<readonly string[]> {
  await page.goto(`${product.url}/claim#code=${await product.claimCode()}`);
  await page.getByLabel('Your name').fill(OWNER.name);
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByLabel('Password', { exact: true }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Create the owner' }).click();
  await expect(page.getByRole('heading', { name: 'Recovery codes' })).toBeVisible();
  const codes = await page.getByTestId('recovery-code').allTextContents();
  await page.getByRole('button', { name: 'I have saved them' }).click();
  return codes;
}
