import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Violation = { id: string; help: string; nodes: { html: string }[] };

/** What axe-core finds fault with on a page, all of its rules on; empty where it finds nothing. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger, not as a script element: our own pages forbid scripts.
  const found = await page.evaluate(`${SOURCE}; axe.run().then(({ violations }) => violations)`);
  return (found as Violation[]).map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join(' ')})`,
  );
}
