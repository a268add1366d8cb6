import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { test } from 'vitest';
import { logIn } from '../../../local/scripted-login.ts';
import { artifactsFolder } from '../../support/artifacts.ts';
import { openPage, violations } from '../../support/chromium.ts';
import { focusIsVisible, tabTo } from '../support/keyboard.ts';
import { theStack } from './the-stack.ts';

// The local app as a person sees it, in a real browser and with the keyboard alone. On the way it shows that the browser
// keeps the callback's `__Host-` cookies over http on the addresses of this machine.

/** A fresh browser on the app's page; `cookieNames` grows as the callback sets cookies. */
async function openApp(colorScheme: 'light' | 'dark' = 'light') {
  const opened = await openPage({ colorScheme, viewport: { width: 1000, height: 800 } });
  const cookieNames: string[] = [];
  opened.page.on('response', async (response) => {
    for (const { name, value } of await response.headersArray()) {
      if (name.toLowerCase() === 'set-cookie') cookieNames.push(value.split('=')[0] ?? '');
    }
  });
  await opened.page.goto(theStack().stack().appUrl);
  return { ...opened, cookieNames };
}

/** Waits for a page with this heading, looks at it with axe-core and keeps a picture of it. */
async function look(page: Page, heading: RegExp, picture: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  assert.deepEqual(await violations(page), [], picture);
  await page.screenshot({ path: join(artifactsFolder(), `${picture}.png`) });
}

async function press(page: Page, text: RegExp): Promise<void> {
  await tabTo(page, text);
  assert.ok(await focusIsVisible(page), `the focus on ${text} is not visible`);
  await page.keyboard.press('Enter');
}

test('a person is chosen, logs in with Vipps and sees the result, by keyboard alone', async () => {
  await using app = await openApp();
  const { page, cookieNames } = app;
  const context = page.context();
  await look(page, /Sample app/, 'app');
  await press(page, /^Munter Bjørkeløv$/);
  await look(page, /Vipps: log in/, 'vipps');
  const kept = (await context.cookies()).filter(({ name }) => name.startsWith('__Host-'));
  assert.deepEqual(
    kept.map(({ secure, httpOnly, sameSite, path }) => ({ secure, httpOnly, sameSite, path })),
    [{ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' }],
  );
  assert.match(await page.locator('input:checked').inputValue(), /^nhf-filled$/);
  await press(page, /^Log in$/);
  await look(page, /^Logged in$/, 'result');
  assert.match((await page.locator('pre').textContent()) ?? '', /"role": "authenticated"/);
  assert.ok(cookieNames.some((name) => name.startsWith('__Host-')));
  const left = (await context.cookies()).filter(({ name }) => name.startsWith('__Host-'));
  assert.deepEqual(left, [], 'the transaction is over, and so is its cookie');
});

test('another person is chosen with the arrow keys and cancels', async () => {
  await using app = await openApp();
  const { page } = app;
  await press(page, /^Munter Bjørkeløv$/);
  await page.getByRole('heading', { name: /Vipps: log in/ }).waitFor();
  await tabTo(page, /Munter/);
  await page.keyboard.press('ArrowDown');
  assert.match(await page.locator('input:checked').inputValue(), /^nhf-filled-d-number$/);
  await press(page, /^Cancel$/);
  await look(page, /^Not logged in$/, 'cancelled');
  await press(page, /^All sample persons$/);
  await look(page, /Sample app/, 'app-again');
});

test('BankID asks for consent on a page of its own, and two persons in turn can log in', async () => {
  await using app = await openApp();
  const { page } = app;
  for (const [name, picture] of [
    [/^Munter Fjellvidde$/, 'first'],
    [/^Stille Elvestrøm$/, 'second'],
  ] as const) {
    await press(page, name);
    await look(page, /BankID: log in/, `bankid-${picture}`);
    await press(page, /^Log in$/);
    await look(page, /BankID: share your data\?/, `bankid-consent-${picture}`);
    await press(page, /^Yes, share$/);
    await look(page, /^Logged in$/, `bankid-result-${picture}`);
    await press(page, /^All sample persons$/);
    await page.getByRole('heading', { name: 'Sample app' }).waitFor();
  }
});

// After the one above, in which this person has consented.
test('a member reads what is stored, withdraws the consent by keyboard, and the number is gone', async () => {
  await using app = await openApp();
  const { page } = app;
  await page.locator('a[href*="nhf-bankid-filled"]').first().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /BankID: log in/ }).waitFor();
  await press(page, /^Log in$/);
  await page.getByRole('heading', { name: /^Logged in$/ }).waitFor();
  await press(page, /^What is stored about me$/);
  await look(page, /^What is stored about me$/, 'own-record');
  assert.match((await page.locator('table').textContent()) ?? '', /Personnummer\d{6}\*{5}From/);
  await press(page, /^Withdraw my consent$/);
  await look(page, /^Consent withdrawn$/, 'own-record-withdrawn');
  assert.match((await page.getByRole('status').textContent()) ?? '', /is removed here/);
  await press(page, /^What is stored about me$/);
  assert.match((await page.locator('table').textContent()) ?? '', /Personnummernone/);
  await page.context().clearCookies();
  await page.reload();
  await look(page, /^Not logged in$/, 'own-record-logged-out');
});

test('our own question is answered by keyboard, and a refusal is a login all the same', async () => {
  await using app = await openApp();
  const { page } = app;
  await page.locator('a[href*="blindeforbundet-bankid-absent-refused"]').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /BankID: log in/ }).waitFor();
  await press(page, /^Log in$/);
  await page.waitForURL(`${theStack().stack().callbackUrl}/**`);
  await look(page, /./, 'own-question');
  const no = page.locator('button[name=answer][value=no]');
  await press(page, new RegExp(`^${(await no.textContent())?.trim()}$`));
  await look(page, /^Logged in$/, 'own-question-result');
});

test('nothing has to be scrolled sideways on a small screen', async () => {
  await using app = await openApp();
  const { page } = app;
  await page.setViewportSize({ width: 320, height: 640 });
  const tooWide = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  await look(page, /Sample app/, 'app-small');
  assert.ok((await tooWide()) <= 0);
  await press(page, /^Munter Bjørkeløv$/);
  await look(page, /Vipps: log in/, 'vipps-small');
  assert.ok((await tooWide()) <= 0);
  await press(page, /^Log in$/);
  await look(page, /^Logged in$/, 'result-small');
  assert.ok((await tooWide()) <= 0);
});

test('the pages are readable in dark colours, and consent is withdrawn there', async () => {
  await using app = await openApp('dark');
  const { page } = app;
  await look(page, /Sample app/, 'app-dark');
  await press(page, /^Withdraw consent at Vipps$/);
  await look(page, /withdraw consent/, 'withdraw-dark');
  await press(page, /^Withdraw/);
  await look(page, /consent withdrawn/, 'withdrawn-dark');
  assert.equal(await page.locator('code').textContent(), '204');
});

test('a coordinator signs in at the desk with the local staff provider, and settles what a login has opened', async () => {
  const stack = theStack().stack();
  const person = stack.persons.find(({ organization, expected }) => organization === 'nhf' && expected === 'conflict');
  assert.ok(person !== undefined);
  const returnTo = stack.organizations.find(({ slug }) => slug === 'nhf')?.returnTo ?? '';
  await logIn({ ...person, callbackUrl: stack.callbackUrl, returnTo, person: person.id });
  const coordinator = stack.coordinators.find(({ organization }) => organization === 'nhf');
  await using opened = await openPage({ locale: 'nb-NO' });
  const { page } = opened;
  await page.goto(stack.deskUrl);
  await page.getByRole('link', { name: /Logg på hos NHF/ }).click();
  await page.locator(`input[name=person][value="${coordinator?.person}"]`).check();
  await page.locator('form button').first().click();
  await page.getByRole('heading', { level: 1, name: 'Dagens arbeid' }).waitFor();
  assert.ok((await page.locator('header').textContent())?.includes(`Pålogget som ${coordinator?.name}`));
  await page.getByRole('link', { name: 'Begynn med den eldste saken' }).click();
  await page.locator('input[name=decision][value=keep_existing]').check();
  await page.getByRole('button', { name: 'Avgjør saken' }).click();
  assert.equal(await page.locator('#result').textContent(), 'Saken er avgjort');
  assert.deepEqual(opened.complaints, []);
  await page.getByRole('button', { name: 'Logg av' }).click();
  await page.goto(stack.deskUrl);
  assert.equal(await page.locator('h1').textContent(), 'Logg på');
});
