import type { Page } from 'playwright-core';

const MOST_STEPS = 200;

// As text: the tests are compiled without the types of a browser.
const FOCUSED = `(() => {
  const element = document.activeElement;
  const text = (element.closest('label') ?? element.labels?.[0] ?? element).textContent;
  return element === document.body ? '' : text.replaceAll(/\\s+/g, ' ').trim();
})()`;
const OUTLINE = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth);
})()`;

/** Presses Tab until the focus is on something with this text. Throws where the keyboard does not get there. */
export async function tabTo(page: Page, text: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let step = 0; step < MOST_STEPS; step += 1) {
    await page.keyboard.press('Tab');
    // Its text, or for a field the text of its label.
    const here = await page.evaluate<string>(FOCUSED);
    if (text.test(here)) return;
    passed.push(here);
  }
  throw new Error(`the keyboard did not get to ${text}; it passed ${passed.slice(0, 10).join(' | ')} ...`);
}

/** Whether what has the focus shows it: an outline that is there and has a width. */
export async function focusIsVisible(page: Page): Promise<boolean> {
  return (await page.evaluate<number>(OUTLINE)) >= 2;
}
