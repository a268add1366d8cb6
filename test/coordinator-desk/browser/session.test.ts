import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { openPage, violations } from '../../support/chromium.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';

let desk: OpenDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.[Symbol.asyncDispose]());

async function signIn(page: import('playwright-core').Page, path = '/') {
  await page.goto(`${desk.url}${path}`);
  await page.getByRole('link', { name: /Logg på hos/ }).click();
}

test('a coordinator signs in, sees the page that was asked for, and signs out', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  await signIn(page);
  assert.equal(await page.locator('h1').textContent(), 'Dagens arbeid');
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(browser.complaints, []);
  const cookies = (await page.context().cookies()).map(({ name, httpOnly, secure }) => ({ name, httpOnly, secure }));
  assert.deepEqual(cookies, [{ name: '__Host-desk-session', httpOnly: true, secure: true }]);
  await page.getByRole('button', { name: 'Logg av' }).click();
  assert.equal(await page.locator('h1').textContent(), 'Du er logget av');
  assert.equal(desk.signIn.refreshTokens.size, 0, 'the session was ended at the callback too');
  await page.goto(desk.url);
  assert.equal(await page.locator('h1').textContent(), 'Logg på');
});
