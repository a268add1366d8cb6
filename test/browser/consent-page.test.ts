import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { test } from 'vitest';
import { findFreePort } from '../../local/free-port.ts';
import { bankidPerson, bankidRow, behaveAsBankid, linkMember } from '../auth-callback/support/bankid.ts';
import { startUrl } from '../auth-callback/support/browser.ts';
import { type Place, startPlace } from '../auth-callback/support/whole-login.ts';
import { startWorld, type WorldOptions } from '../auth-callback/support/world.ts';
import { type Listening, serve } from '../runtime/servers.ts';
import { type OpenPage, openPage, violations } from '../support/chromium.ts';
import { inCase } from '../support/in-case.ts';

/** The app is at an origin of its own, so that the way back to it is a way past the page's policy. */
async function startOwn(): Promise<Place & { home: string }> {
  const app: Listening = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>The app</title>');
  });
  const home = `${app.url}/return`;
  const place = await startPlace({ provider: 'vipps', row: { consent_mode: 'own' }, home });
  const end = place[Symbol.asyncDispose].bind(place);
  const dispose = async () => {
    await end();
    await app[Symbol.asyncDispose]();
  };
  return Object.assign(place, { home, [Symbol.asyncDispose]: dispose });
}

async function codeAt(page: Page, home: string): Promise<string> {
  await page.waitForURL(`${home}**`);
  return new URL(page.url()).searchParams.get('code') ?? '';
}

/** The person chooses themself at the provider, and stands at our page. */
async function goToQuestion(place: Place & { home: string }, { page }: OpenPage): Promise<void> {
  const start = new URL(`${place.callbackUrl}/login/${place.organization.slug}/vipps`);
  const query = {
    return_to: place.home,
    state: 'state-of-the-app',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(query)) start.searchParams.set(name, value);
  await page.goto(start.href);
  await page.locator('[name=person]').first().check();
  await page.locator('form button').first().click();
  await page.waitForURL(/\/consent\//);
}

const focused = (page: Page) => page.evaluate<string>('document.activeElement.textContent.trim()');

test('the consent page has no accessibility faults, in three languages and two colour schemes', async () => {
  await using place = await startOwn();
  for (const colorScheme of ['light', 'dark'] as const) {
    await using browser = await openPage({ colorScheme, locale: 'nb-NO' });
    await goToQuestion(place, browser);
    for (const language of ['Bokmål', 'Nynorsk', 'English']) {
      await inCase(`${language}, ${colorScheme}`, async () => {
        await browser.page.getByRole('link', { name: language }).click();
        await browser.page.waitForLoadState();
        assert.deepEqual(await violations(browser.page), []);
      });
    }
    assert.deepEqual(browser.complaints, [], 'the policy lets our own style through, and nothing else was there');
  }
});

test('the page is shown in the language of the browser, with its style', async () => {
  await using place = await startOwn();
  await using browser = await openPage({ locale: 'nn-NO' });
  await goToQuestion(place, browser);
  assert.equal(await browser.page.locator('html').getAttribute('lang'), 'nn');
  const height = await browser.page
    .locator('button')
    .first()
    .evaluate((button) => button.getBoundingClientRect().height);
  assert.ok(height >= 44, `a target of ${height} pixels`);
});

test('with the keyboard alone and without script the member answers, and comes back to the app', async () => {
  await using place = await startOwn();
  await using browser = await openPage({ javaScriptEnabled: false, locale: 'en-GB' });
  const { page } = browser;
  await goToQuestion(place, browser);
  const visited: string[] = [];
  for (let press = 0; press < 5; press += 1) {
    await page.keyboard.press('Tab');
    visited.push(await focused(page));
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
    assert.equal(outline, 'solid', 'the focus can be seen');
  }
  assert.deepEqual(visited, ['Bokmål', 'Nynorsk', 'English', 'Yes, store the number', 'No, do not store it']);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  assert.match(await codeAt(page, place.home), /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(browser.complaints, []);
  assert.equal((await place.observations())[0]?.outcome, 'filled');
});

test('a button pressed twice in a row lets the member in', async () => {
  await using place = await startOwn();
  await using browser = await openPage();
  await goToQuestion(place, browser);
  await browser.page.locator('button[value=yes]').dblclick();
  assert.ok(await codeAt(browser.page, place.home));
  assert.equal((await place.observations())[0]?.outcome, 'filled');
});

test('on a narrow screen, and with text twice as large, nothing has to be scrolled sideways', async () => {
  await using place = await startOwn();
  await using browser = await openPage({ viewport: { width: 320, height: 600 } });
  await goToQuestion(place, browser);
  const width = () => browser.page.evaluate<number>('document.documentElement.scrollWidth');
  assert.ok((await width()) <= 320);
  await browser.page.evaluate(`document.documentElement.style.fontSize = '200%'`);
  assert.ok((await width()) <= 320);
});

test('the page that leads on to the provider’s question is accessible, and its form may be answered with redirects', async () => {
  const port = String(await findFreePort());
  await using app = await serve((_, response) => void response.writeHead(200).end('The app'));
  const home = `${app.url}/return`;
  const prepare: WorldOptions['prepare'] = async (provider) => {
    await behaveAsBankid(provider);
    provider.metadata = (whole) => whole;
    // The provider asks nothing and sends the browser straight back, so that one form leads through three places.
    provider.respond.set('/auth', ({ body, query }, response) => {
      const asked = new URL(`${provider.issuer}auth`);
      asked.search = body === '' ? query : body;
      response.writeHead(302, { location: provider.authorize(asked, bankidPerson()).href }).end();
    });
  };
  await using world = await startWorld({
    prepare,
    providerRow: bankidRow,
    organization: { return_to: [home] },
    environment: { PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` },
  });
  await linkMember(world);
  await using browser = await openPage({ locale: 'en-GB' });
  await browser.page.goto(startUrl(world, 'state-of-the-app', 'v'.repeat(43), { query: { return_to: home } }).href);
  assert.equal(await browser.page.locator('h1').textContent(), 'One more question at BankID');
  assert.deepEqual(await violations(browser.page), []);
  await browser.page.keyboard.press('Tab');
  await browser.page.keyboard.press('Enter');
  assert.ok(await codeAt(browser.page, home));
  assert.deepEqual(browser.complaints, []);
  assert.equal((await world.observations())[0]?.outcome, 'filled');
  const hints = world.provider.requests.filter(
    ({ path, query }) => path === '/auth' && query.includes('id_token_hint'),
  );
  assert.equal(hints.length, 0, 'never in an address');
});
