import { expect, type Page } from '@playwright/test';
import type { Scene } from './scenes.ts';

export type Look = { readonly name: string; readonly width: number; readonly height: number; readonly theme: 'light' | 'dark' };

/** Every look at which a page is judged. */
export const LOOKS: readonly Look[] = [
  { name: '1440-light', width: 1440, height: 900, theme: 'light' },
  { name: '1440-dark', width: 1440, height: 900, theme: 'dark' },
  { name: '390-light', width: 390, height: 844, theme: 'light' },
  { name: '390-dark', width: 390, height: 844, theme: 'dark' },
];

/** Opens a scene and waits until what it shows has come. */
export async function openScene(page: Page, url: string, scene: Scene, look: Look): Promise<void> {
  await page.setViewportSize({ width: look.width, height: look.height });
  await page.emulateMedia({ colorScheme: look.theme, reducedMotion: 'reduce' });
  await page.goto(`${url}${scene.path}`);
  await page.getByRole('main').waitFor();
  // A page that polls by `waitForFunction` would need `eval`, which our content policy forbids.
  await expect(page.locator('main [data-loading]')).toHaveCount(0);
  await page.evaluate('document.fonts.ready.then(() => true)');
  await scene.open?.(page);
}

/** How far the page is wider than its window, in CSS pixels; 0 is right. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
