import { expect, test } from '@playwright/test';
import { startProduct } from '@cloudless/tools/product';
import { claimWithPassword } from '../src/person.ts';

test('an owner adds a passkey and signs in with it', async ({ page, context }) => {
  await using product = await startProduct({ flags: ['--no-agent'] });
  const browser = await context.newCDPSession(page);
  await browser.send('WebAuthn.enable');
  await browser.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await claimWithPassword(page, product);
  await page.goto(`${product.url}/settings`);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByTestId('passkey')).toHaveCount(1);

  await context.clearCookies();
  await page.goto(`${product.url}/sign-in`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(page).toHaveURL(`${product.url}/`);
  await expect(page.getByRole('link', { name: 'Devices', exact: true }).first()).toBeVisible();
});
