import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from './launch-chromium.ts';

export type OpenPage = AsyncDisposable & {
  page: Page;
  /** What the browser complained of: broken content security policy, failed requests. */
  complaints: string[];
};

let browser: Promise<Browser> | undefined;

/**
 * A page with cookies and settings of its own, in the one browser that all files of this process share: a browser takes as long to start
 * as a dozen pages to load. It ends with this process, because it reads from a pipe that closes then.
 */
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

/** Runs axe-core on the document that a page shows now. */
type Axe = (options: object) => Promise<Violation[]>;
const axes = new WeakMap<Page, Promise<Axe>>();

/**
 * axe-core by the debugger, in a world of its own beside each document's: our pages forbid scripts, and reading half a megabyte of script
 * anew for each check costs more than the check.
 */
async function openAxe(page: Page): Promise<Axe> {
  const session = await page.context().newCDPSession(page);
  let world: number | undefined;
  session.on('Runtime.executionContextCreated', ({ context }) => {
    if (context.name === 'axe') world = context.id;
  });
  await session.send('Runtime.enable');
  await session.send('Page.enable');
  const script = { source: AXE, worldName: 'axe', runImmediately: true };
  await session.send('Page.addScriptToEvaluateOnNewDocument', script);
  return async (options) => {
    if (world === undefined) throw new Error('axe-core has no world in this page');
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression: `axe.run(${JSON.stringify(options)}).then(({ violations }) => violations)`,
      contextId: world,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as Violation[];
  };
}

/**
 * @param rules all of them, best practices included, where none are named
 * @returns what axe-core finds fault with on a page
 */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  // A click is over as soon as the next document begins to arrive.
  await page.waitForLoadState();
  const axe = axes.get(page) ?? openAxe(page);
  axes.set(page, axe);
  // Of what is right it need not tell each place.
  const found = await (await axe)({ resultTypes: ['violations'], ...(rules === undefined ? {} : { runOnly: rules }) });
  return found.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join(' ')})`);
}
