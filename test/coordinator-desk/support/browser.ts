import type { Page } from 'playwright-core';
import type { OpenDesk } from './open-desk.ts';

/** The browser is signed in as the coordinator who is next at the callback. */
export async function signInBrowser(page: Page, desk: OpenDesk): Promise<void> {
  await page.goto(`${desk.url}/sign-in/${desk.callback.organization.slug}`);
}

/** What has the focus, as text. */
export function focusedText(page: Page): Promise<string> {
  return page.evaluate<string>(
    `(document.activeElement === document.body ? '' : document.activeElement.textContent).replaceAll(/\\s+/g, ' ').trim()`,
  );
}

/** What stands on the page, as it is seen: without what is hidden. */
export async function mainText(page: Page): Promise<string> {
  await page.waitForLoadState();
  return (await page.evaluate<string>(`document.querySelector('main').innerText`)).replaceAll(/\s+/g, ' ');
}

export async function titleOf(page: Page): Promise<string> {
  await page.waitForLoadState();
  return await page.title();
}

/** Pixels by which a page is wider than the window: what would have to be scrolled sideways. With its text at double size where that is asked for. */
export async function tooWide(page: Page, text: '100%' | '200%' = '100%'): Promise<number> {
  await page.evaluate(`document.documentElement.style.fontSize = '${text}'`);
  const pixels = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  await page.evaluate(`document.documentElement.style.fontSize = ''`);
  return Math.max(0, pixels);
}
