import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll } from 'vitest';
import { launchChromium } from './launch-chromium.ts';

export type OpenPage = AsyncDisposable & {
  page: Page;
  /** What the browser complained of: broken content security policy, failed requests. */
  complaints: string[];
};

let browser: Promise<Browser> | undefined;
afterAll(async () => (await browser)?.close());

/** A page with cookies and settings of its own, in the one browser process that all tests of a file share. */
export async function openPage(options: BrowserContextOptions = {}): Promise<OpenPage> {
  browser ??= launchChromium();
  const context = await (await browser).newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Violation = { id: string; help: string; nodes: { html: string }[] };

/**
 * @param rules all of them, best practices included, where none are named
 * @returns what axe-core finds fault with on a page
 */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  const options = rules === undefined ? '' : JSON.stringify({ runOnly: rules });
  // By the debugger, not as a script element: our own pages forbid scripts.
  const found = await page.evaluate(`${AXE}; axe.run(${options}).then(({ violations }) => violations)`);
  return (found as Violation[]).map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join(' ')})`,
  );
}
