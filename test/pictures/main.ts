import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { runDemo } from '../../local/demo/run-demo.ts';
import { withClient } from '../../local/stack/database.ts';
import { runUntilStopped } from '../../local/stack/run-until-stopped.ts';
import type { StackFile } from '../../local/stack/stack-file.ts';
import { startStack } from '../../local/stack.ts';
import { launchChromium } from '../support/launch-chromium.ts';

// `npm run pictures`: a stack of its own, into which every sample person logs in, and pictures of the coordinators' desk for README.

const root = resolve(import.meta.dirname, '..', '..');
const target = join(root, 'docs', 'pictures');

/** As the first coordinator of the organisation that the sample people give most to do. */
async function signIn(page: Page, { deskUrl, coordinators }: StackFile): Promise<void> {
  const [coordinator] = coordinators.filter(({ organization }) => organization === 'nhf');
  if (coordinator === undefined) throw new Error('the stack has no coordinator of nhf');
  await page.goto(`${deskUrl}/sign-in/nhf`);
  await page.locator(`input[name="person"][value="${coordinator.person}"]`).check();
  await page.locator('button[type="submit"], form button').first().click();
  await page.waitForURL(`${deskUrl}/**`);
}

/** @returns addresses on the desk, by the name of the picture */
async function subjects({ databaseUrl }: StackFile): Promise<Record<string, string>> {
  return withClient(databaseUrl, async (client) => {
    await client.query('select private.count_figures(), private.count_months()');
    const { rows } = await client.query(
      `select c.id, c.member_id from registry.conflicts as c join registry.organizations as g on g.id = c.organization_id
       where g.slug = 'nhf' and c.kind = 'mismatch' and c.closed_at is null order by c.opened_at limit 1`,
    );
    const [mismatch] = rows;
    if (mismatch === undefined) throw new Error('nobody made a mismatch');
    return { case: `/cases/${mismatch.id}`, member: `/members/${mismatch.member_id}`, figures: '/quality' };
  });
}

async function takePictures(stack: StackFile): Promise<void> {
  mkdirSync(target, { recursive: true });
  const browser = await launchChromium();
  try {
    const context = await browser.newContext({ locale: 'nb-NO', viewport: { width: 1000, height: 800 } });
    const page = await context.newPage();
    await signIn(page, stack);
    for (const [name, path] of Object.entries(await subjects(stack))) {
      await page.goto(`${stack.deskUrl}${path}`);
      await page.screenshot({ path: join(target, `${name}.png`), scale: 'css' });
      console.log(`docs/pictures/${name}.png`);
    }
  } finally {
    await browser.close();
  }
}

await runUntilStopped(async (parts) => {
  const folder = join(root, '.local', 'pictures');
  const stack = await startStack({ folder, report: (line) => console.error(line) }, parts);
  await runDemo(stack.file());
  await takePictures(stack.file());
  await parts.disposeAsync();
  process.exit(0);
});
