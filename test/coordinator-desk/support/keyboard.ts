import type { Page } from 'playwright-core';

/** What has the focus, by what a screen reader calls it: its label, or its text. */
export function focusedName(page: Page): Promise<string> {
  return page.evaluate<string>(`(() => {
    const element = document.activeElement;
    if (element === document.body) return '';
    return (element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent).trim();
  })()`);
}

/** Presses Tab until what has the focus is called so. @returns how often */
export async function tabTo(page: Page, name: RegExp, most = 100): Promise<number> {
  for (let count = 1; count <= most; count += 1) {
    await page.keyboard.press('Tab');
    if (name.test(await focusedName(page))) return count;
  }
  throw new Error(`Tab did not get to ${name}`);
}

/** Goes to it by Tab, and presses Enter, as on a link or a button; waits for the page that answers. */
export async function enterOn(page: Page, name: RegExp): Promise<void> {
  await tabTo(page, name);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

/** Goes to it by Tab, and types, in a field. */
export async function typeInto(page: Page, name: RegExp, text: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.type(text);
}
