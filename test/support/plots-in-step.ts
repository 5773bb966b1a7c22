import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Checks that a drawn plot follows the width of the window, and is drawn anew for the other color scheme. */
export async function followsWindow(page: Page, place: string): Promise<void> {
  const plot = page.locator(`${place} .uplot`).first();
  const widths = async () => [
    (await plot.boundingBox())?.width,
    await plot.evaluate((one) => one.parentElement?.clientWidth),
  ];
  for (const width of [900, 600]) {
    await page.setViewportSize({ width, height: 800 });
    await expect.poll(async () => new Set(await widths()).size, { timeout: 10_000 }).toBe(1);
    expect((await widths())[0]).toBeLessThan(width);
  }
  await plot.evaluate((one) => one.setAttribute('data-before', ''));
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator(`${place} .uplot:not([data-before])`).first().waitFor();
  await expect.poll(() => page.locator(`${place} .uplot[data-before]`).count()).toBe(0);
}
