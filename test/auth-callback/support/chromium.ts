import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** Where a Chromium is on this machine; undefined where there is none. `CHROMIUM_PATH` names another place. */
export const chromiumPath: string | undefined = [process.env.CHROMIUM_PATH ?? '', ...places].find(
  (path) => path !== '' && existsSync(path),
);

/** For `test`'s options: says on the console and in the report that nothing was looked at. */
export const skipWithoutChromium =
  chromiumPath === undefined ? 'SKIPPED: no Chromium on this machine (apt-get install chromium)' : false;

export type OpenPage = AsyncDisposable & {
  page: Page;
  /** What the browser complained of: broken content security policy, failed requests. */
  complaints: string[];
};

let browser: Promise<Browser> | undefined;
after(async () => (await browser)?.close());

/** A browser of its own as far as cookies and settings go, in the one process that all tests of a file share. */
export async function openPage(options: BrowserContextOptions = {}): Promise<OpenPage> {
  browser ??= chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] });
  const context = await (await browser).newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @returns what axe-core finds wrong with the page, by rule; best practices included */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(`axe.run(document, { resultTypes: ['violations'] })`);
  const { violations } = found as { violations: { id: string; nodes: { html: string }[] }[] };
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
