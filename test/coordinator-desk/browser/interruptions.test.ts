import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { comeIn, number } from '../../docs/scene.ts';
import { one } from '../../support/acting-callback.ts';
import { openPage } from '../../support/chromium.ts';
import { becomeCoordinator } from '../../support/coordinator.ts';
import { focusedText, signInBrowser, titleOf } from '../support/browser.ts';
import { type MadeKind, makeCase } from '../support/cases.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';

// What comes between a coordinator and a decision: colleagues, logins, an ended session, a right that was taken away.

let desk: OpenDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.[Symbol.asyncDispose]());

const NOTE = 'Ringte medlemmet, som ville sjekke passet sitt.';

/** A fresh case, opened by the coordinator, with a decision chosen and a note written. */
async function halfway(page: Page, kind: MadeKind): Promise<string> {
  const id = await makeCase(kind, desk);
  desk.signIn.nextUser = { id: desk.coordinator.userId };
  await signInBrowser(page, desk);
  await page.goto(`${desk.url}/cases/${id}`);
  await page.locator('input[name=decision][value=keep_existing]').check();
  await page.locator('#note').fill(NOTE);
  return id;
}
const send = (page: Page) => page.getByRole('button', { name: 'Avgjør saken' }).click();
const state = (id: string) =>
  one<{ state: string; version: number }>(desk.db, 'select state, version from registry.conflicts where id = $1', [id]);

test('a login changes the case meanwhile: nothing is done, the note stays, and the page says what has changed', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  const id = await halfway(page, 'mismatch');
  await comeIn(desk.callback, 0, number(9));
  await desk.db.pool.query(
    `update registry.members set given_name = 'Giv' where id = (select member_id from registry.conflicts where id = $1)`,
    [id],
  );
  const before = await state(id);
  await desk.db.pool.query('update registry.conflicts set version = version + 1 where id = $1', [id]);
  await send(page);
  assert.match(await titleOf(page), /^Saken er endret siden du åpnet den/);
  assert.match(await focusedText(page), /Fornavn var «GivenA» og er nå «Giv»/);
  assert.equal(await page.locator('#note').inputValue(), NOTE);
  assert.equal(await page.locator('input[name=decision]:checked').count(), 0, 'it is chosen anew');
  assert.equal((await state(id)).state, before.state);
  await page.locator('input[name=decision][value=keep_existing]').check();
  await send(page);
  assert.equal((await state(id)).state, 'resolved');
});

test('two coordinators decide at once: the second is told by what page it is settled, and keeps the note', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const id = await halfway(browser.page, 'duplicate');
  const colleague = await becomeCoordinator(desk.db, desk.callback.organization);
  const { version } = await state(id);
  await colleague.call('resolve_conflict', id, 'keep_existing', 'I was faster', version);
  await send(browser.page);
  assert.match(await titleOf(browser.page), /^Saken er avgjort av noen andre/);
  const told = await focusedText(browser.page);
  assert.match(told, /Det du valgte, er ikke gjort/);
  assert.match(told, new RegExp(NOTE));
  assert.match((await browser.page.locator('main').textContent()) ?? '', /I was faster/);
});

test('the session ends in the middle of a form: after signing in again the text is there, and nowhere else', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  const id = await halfway(page, 'name_mismatch');
  await page.context().clearCookies({ name: '__Host-desk-session' });
  await send(page);
  assert.match((await page.locator('main').textContent()) ?? '', /teksten du skrev, er tatt vare på/);
  const [draft] = (await page.context().cookies()).filter(({ name }) => name.startsWith('__Host-draft-'));
  assert.ok(draft !== undefined && !draft.value.includes('Ringte'), 'sealed');
  await page.getByRole('link', { name: /Logg på hos/ }).click();
  assert.equal(new URL(page.url()).pathname, `/cases/${id}`);
  assert.equal(await page.locator('#note').inputValue(), NOTE);
  assert.equal(await page.locator('input[name=decision]:checked').inputValue(), 'keep_existing');
  assert.match(await focusedText(page), /Teksten din er tatt vare på/);
  await send(page);
  assert.equal((await state(id)).state, 'resolved');
  assert.deepEqual(
    (await page.context().cookies()).filter(({ name }) => name.startsWith('__Host-draft-')),
    [],
    'the draft goes when it was used',
  );
});

test('an access token that ends soon is exchanged on the way, once for several tabs', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  desk.signIn.nextUser = { id: desk.coordinator.userId };
  desk.signIn.lifetime = '30s';
  await signInBrowser(page, desk);
  desk.signIn.lifetime = '15m';
  desk.signIn.requests.length = 0;
  const tabs = await Promise.all([1, 2, 3].map(() => page.context().newPage()));
  await Promise.all(tabs.map((tab) => tab.goto(`${desk.url}/cases`)));
  for (const tab of tabs) assert.equal(await tab.locator('h1').textContent(), 'Saker');
  assert.deepEqual(
    desk.signIn.requests.filter((each) => each === 'POST /token'),
    ['POST /token'],
  );
  await page.goto(`${desk.url}/cases`);
  assert.equal(await page.locator('h1').textContent(), 'Saker');
});

test('a coordinator who was removed in the middle of a form does nothing more, and sees the text; added again, finds it in the form', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  const id = await halfway(page, 'inconsistent');
  const { userId } = desk.coordinator;
  const { rows } = await desk.db.pool.query(
    'delete from registry.coordinators where user_id = $1 returning organization_id',
    [userId],
  );
  await send(page);
  assert.equal(await page.locator('h1').textContent(), 'Du er ikke lenger koordinator');
  assert.match((await page.locator('main').textContent()) ?? '', new RegExp(NOTE));
  assert.equal((await state(id)).state, 'open');
  await desk.db.pool.query('insert into registry.coordinators (user_id, organization_id) values ($1, $2)', [
    userId,
    rows[0].organization_id,
  ]);
  await page.goto(`${desk.url}/cases/${id}`);
  assert.equal(await page.locator('#note').inputValue(), NOTE);
});

test('a session that was ended elsewhere is over, and is not taken for a right that was taken away', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  const id = await halfway(page, 'member_system');
  // As the callback and the database do it together: nothing more is read, and nothing exchanged.
  const { userId } = desk.coordinator;
  const { rows } = await desk.db.pool.query(
    'delete from registry.coordinators where user_id = $1 returning organization_id',
    [userId],
  );
  desk.signIn.refreshTokens.clear();
  await send(page);
  assert.equal(await page.locator('h1').textContent(), 'Logg på');
  assert.match((await page.locator('main').textContent()) ?? '', /teksten du skrev, er tatt vare på/);
  await desk.db.pool.query('insert into registry.coordinators (user_id, organization_id) values ($1, $2)', [
    userId,
    rows[0].organization_id,
  ]);
  await page.getByRole('link', { name: /Logg på hos/ }).click();
  assert.equal(new URL(page.url()).pathname, `/cases/${id}`);
  assert.equal(await page.locator('#note').inputValue(), NOTE);
});

test('what one had typed is not shown to whoever signs in next in the same browser', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  const id = await halfway(page, 'consent_revoked');
  await page.context().clearCookies({ name: '__Host-desk-session' });
  await send(page);
  const colleague = await becomeCoordinator(desk.db, desk.callback.organization);
  desk.signIn.nextUser = { id: colleague.userId };
  await page.getByRole('link', { name: /Logg på hos/ }).click();
  assert.equal(new URL(page.url()).pathname, `/cases/${id}`);
  assert.equal(await page.locator('#note').inputValue(), '');
});

test('who may not sign in is told why and what to do', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  for (const [error, words] of [
    ['coordinator_not_found', /ikke registrert som koordinator/],
    ['access_denied', /Du avbrøt påloggingen/],
    ['something_new', /kunne ikke bekreftes/],
  ] as const) {
    desk.signIn.nextUser = { error };
    await signInBrowser(browser.page, desk);
    assert.match((await browser.page.locator('main').textContent()) ?? '', words);
  }
});

test('a note with a number is refused in plain words, and stays in the form', async () => {
  await using browser = await openPage({ locale: 'nb-NO' });
  const { page } = browser;
  await halfway(page, 'drift');
  await page.locator('#note').fill('Hun sa 158645 90044.');
  await send(page);
  assert.match(await titleOf(page), /^Ingenting er gjort/);
  assert.match(await focusedText(page), /elleve siffer som kan være et fødselsnummer/);
  assert.equal(await page.locator('#note').inputValue(), 'Hun sa 158645 90044.');
});
