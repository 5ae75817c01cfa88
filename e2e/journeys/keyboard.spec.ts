import { expect, test } from '@playwright/test';
import { OWNER, startProduct } from '@cloudless/tools/product';

test('a person without a mouse mends a wrong claim code, and the focus is never lost', async ({ page }) => {
  await using product = await startProduct({ flags: ['--no-agent'] });
  const press = (key: string): Promise<void> => page.keyboard.press(key);

  await test.step('a link with a wrong code asks for the right one, and keeps what was typed', async () => {
    await page.goto(`${product.url}/claim#code=AAAA-BBBB-CCCC`);
    await page.getByLabel('Your name').focus();
    for (const text of [OWNER.name, OWNER.email, OWNER.password]) {
      await page.keyboard.type(text);
      await press('Tab');
    }
    await press('Enter');
    const code = page.getByLabel('Claim code');
    await expect(code).toBeFocused();
    await expect(code).toHaveValue('AAAA-BBBB-CCCC');
    await press('Control+a');
    await page.keyboard.type((await product.claimCode()) ?? '');
    await press('Enter');
    await expect(page.getByRole('heading', { name: 'Recovery codes' })).toBeVisible();
    await page.getByRole('button', { name: 'I have saved them' }).press('Enter');
    await expect(page).toHaveURL(`${product.url}/`);
  });
  await test.step('the first stop leads past the navigation', async () => {
    await page.goto(`${product.url}/devices`);
    await expect(page.locator('main [data-loading]')).toHaveCount(0);
    await press('Tab');
    await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
    await press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
  });
  await test.step('a dialog begins in its first field, and Escape leads back to what opened it', async () => {
    const opener = page.getByRole('main').getByRole('button', { name: 'Add a device', exact: true }).first();
    for (const key of ['Enter', 'Space']) {
      await opener.press(key);
      await expect(page.getByRole('dialog', { name: 'Add a device' }).getByLabel('Name', { exact: true })).toBeFocused();
      await press('Escape');
      await expect(page.getByRole('dialog')).toHaveCount(0);
      await expect(opener).toBeFocused();
    }
  });
  await test.step('so do the palette, the shortcuts and a question', async () => {
    const search = page.getByRole('button', { name: /^Search/ });
    await search.press('Enter');
    await expect(page.getByRole('dialog').getByRole('combobox')).toBeFocused();
    await press('Escape');
    await expect(search).toBeFocused();
    await press('?');
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toContainText('CtrlK');
    await press('Escape');
    await expect(search).toBeFocused();
    await page.goto(`${product.url}/settings`);
    const renew = page.getByRole('button', { name: 'Renew recovery codes' });
    await renew.press('Enter');
    await expect(page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' })).toBeFocused();
    await press('Escape');
    await expect(renew).toBeFocused();
  });
  await test.step('on a phone no field is under the plan or the bars, and a wrong one is led to', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${product.url}/deploy`);
    await page.getByLabel('Image').fill('nginx:1.27');
    await page.getByLabel('Ports').fill('80, no port');
    await page.getByRole('button', { name: 'Deploy', exact: true }).press('Enter');
    await expect(page.getByLabel('Ports')).toBeFocused();
    await page.getByLabel('Ports').fill('80');
    await expect(page.getByRole('region', { name: 'What would happen' })).toContainText('fits on no device');
    await page.getByLabel('Image').focus();
    const covered: string[] = [];
    for (let stop = 0; stop < 11; stop += 1) {
      await press('Tab');
      const under = await page.evaluate<string>(`(() => {
        const field = document.activeElement;
        const { x, y, width, height } = field.getBoundingClientRect();
        const top = document.elementFromPoint(x + width / 2, y + height / 2);
        return top !== null && (field.contains(top) || top.contains(field)) ? '' : field.outerHTML.slice(0, 200);
      })()`);
      if (under !== '') covered.push(under);
    }
    expect(covered).toEqual([]);
    await page.setViewportSize({ width: 1440, height: 900 });
  });
  await test.step('stopping and starting an app leaves the focus on what does the other', async () => {
    await page.goto(`${product.url}/deploy`);
    await page.getByLabel('Image').fill('nginx:1.27');
    await page.getByRole('button', { name: 'Deploy', exact: true }).press('Enter');
    await expect(page).toHaveURL(/\/apps\/wl_/);
    const [stop, start] = ['Stop', 'Start'].map((name) => page.getByRole('button', { name, exact: true }));
    for (const [pressed, after] of [
      [stop, start],
      [start, stop],
    ]) {
      await pressed?.press('Enter');
      await expect(after ?? page.getByRole('main')).toBeFocused();
    }
  });
  await test.step('a button keeps the focus while it works, and takes no second press meanwhile', async () => {
    await page.goto(`${product.url}/settings/cluster`);
    let asked = 0;
    const pressedAgain = Promise.withResolvers<void>();
    await page.route('**/trpc/*cluster.backUp*', async (route) => {
      asked += 1;
      await pressedAgain.promise;
      await route.continue();
    });
    const backUp = page.getByRole('button', { name: 'Back up now', exact: true });
    await backUp.press('Enter');
    await expect(backUp).toHaveAttribute('aria-busy', 'true');
    await press('Enter');
    pressedAgain.resolve();
    await expect(page.getByText(/cloudless-.*\.backup/).first()).toBeVisible();
    await expect(backUp).toBeFocused();
    expect(asked).toBe(1);
  });
});
