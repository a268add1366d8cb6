import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { sealForReceiver } from '../../../worker/sealed-numbers.ts';
import { comeIn, number, person } from '../../docs/scene.ts';
import { one } from '../../support/acting-callback.ts';
import { openPage, violations } from '../../support/chromium.ts';
import { becomeCoordinator } from '../../support/coordinator.ts';
import { inCase } from '../../support/in-case.ts';
import { claimPush, finishPush } from '../../support/push-worker.ts';
import { addMember } from '../../support/samples.ts';
import { mainText, titleOf } from '../support/browser.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';

// Where a person carries the numbers: the key that is made in the browser, the worklist whose numbers are opened there, and the files.

const secret = 'fire helt vanlige ord';
let desk: OpenDesk;
beforeAll(async () => {
  desk = await openDesk();
  await desk.db.pool.query(
    `update sync.member_systems set kind = 'worklist', url_template = null, auth = 'none', secret_env = null`,
  );
});
afterAll(() => desk?.[Symbol.asyncDispose]());

async function signedIn(options: Parameters<typeof openPage>[0] = {}) {
  const browser = await openPage({ locale: 'nb-NO', ...options });
  await browser.page.goto(`${desk.url}/sign-in/${desk.callback.organization.slug}`);
  return browser;
}
const focused = (page: Page) => page.evaluate<string>('document.activeElement.id');

/** Somebody logs in with a number, and the worker seals it for the organisation's key. */
async function putOnList(nth: number): Promise<string> {
  const { pool } = desk.db;
  const member = await addMember(desk.db, desk.callback.organization, { ...person(nth), external_id: `M-${nth}` });
  await comeIn(desk.callback, nth, number(nth));
  const { id } = await one<{ id: string }>(desk.db, 'select id from sync.pushes where member_id = $1', [member.id]);
  const { receiver_key } = await one<{ receiver_key: unknown }>(
    desk.db,
    'select receiver_key from sync.member_systems',
  );
  const { fencing_token } = await claimPush(pool, id);
  const receiver_sealed = await sealForReceiver(receiver_key, number(nth));
  const report = { push_id: id, fencing_token, result: 'accepted', receiver_sealed, retry_after: 86_400 };
  assert.equal(await finishPush(pool, report), 'pending');
  return id;
}

test('a key is made in the browser and approved by another coordinator; a number is opened with it there, and nowhere else', async () => {
  await using browser = await signedIn({ acceptDownloads: true });
  const { page } = browser;
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  await page.goto(`${desk.url}/worklist/key`);

  await page.getByLabel('Passfrase', { exact: true }).fill('kort');
  await page.getByLabel('Passfrasen en gang til').fill('kort');
  await page.getByRole('button', { name: 'Lag nøkkelen og lagre filen' }).click();
  assert.match((await page.locator('#key-status').textContent()) ?? '', /for kort/);
  assert.equal(await focused(page), 'passphrase');

  await page.getByLabel('Passfrase', { exact: true }).fill(secret);
  await page.getByLabel('Passfrasen en gang til').fill(secret);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Lag nøkkelen og lagre filen' }).click(),
  ]);
  const keyFile = await readFile(await download.path(), 'utf8');
  assert.equal(keyFile.split('.').length, 5);
  await page.locator('#propose-key').waitFor();
  assert.equal(await focused(page), 'propose-heading');
  const fingerprint = await page.locator('#fingerprint').textContent();
  await page.getByRole('button', { name: 'Foreslå nøkkelen' }).click();
  await page.waitForURL(/\/cases\//);

  const proposed = await one<{ id: string; state: string; version: number; detail: Record<string, unknown> }>(
    desk.db,
    `select id, state, version, detail from registry.conflicts where kind = 'receiver_key'`,
  );
  assert.deepEqual([proposed.state, proposed.detail.fingerprint], ['proposed', fingerprint]);
  const colleague = await becomeCoordinator(desk.db, desk.callback.organization);
  assert.equal((await colleague.call('approve', proposed.id, proposed.version)).state, 'resolved');

  const push = await putOnList(0);
  await page.clock.install();
  await page.goto(`${desk.url}/worklist`);
  await page.getByRole('link', { name: /GivenA FamilyA/ }).click();
  const open = async (passphrase: string) => {
    await page
      .getByLabel('Nøkkelfilen', { exact: true })
      .setInputFiles({ name: 'key.jwe', mimeType: '', buffer: Buffer.from(keyFile) });
    await page.getByLabel('Passfrasen til nøkkelfilen').fill(passphrase);
    await page.getByRole('button', { name: 'Vis nummeret', exact: true }).click();
  };
  await open('feil passfrase, helt feil');
  await page.getByText('Passfrasen passer ikke til filen').waitFor();
  assert.equal(await focused(page), 'passphrase');
  await open(secret);
  await page.getByText(number(0)).waitFor();
  assert.equal(await focused(page), 'number');
  await page.clock.fastForward(60_000);
  assert.doesNotMatch(await mainText(page), new RegExp(number(0)));
  assert.equal(await focused(page), 'show-again');
  await page.getByRole('button', { name: 'Vis nummeret igjen' }).click();
  await page.getByText(number(0)).waitFor();
  // Left for another page, and come back to as the browser had put it aside: as whoever is there next would.
  await page.evaluate(`dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))`);
  assert.doesNotMatch(await mainText(page), new RegExp(number(0)));
  assert.equal(await page.getByRole('button', { name: 'Vis nummeret igjen' }).isVisible(), false);
  await open(secret);
  await page.getByText(number(0)).waitFor();
  await page.clock.fastForward(60_000);
  await page.getByRole('button', { name: 'Vis nummeret igjen' }).click();
  await page.getByText(number(0)).waitFor();
  // Five minutes after it was opened the key is gone too, whatever was shown meanwhile.
  await page.clock.fastForward(240_000);
  await page.getByText('Nøkkelen er ikke åpen lenger').waitFor();
  assert.doesNotMatch(await mainText(page), new RegExp(number(0)));
  assert.equal(await page.getByRole('button', { name: 'Vis nummeret igjen' }).isVisible(), false);
  assert.equal(await focused(page), 'key-file');
  await open(secret);
  await page.getByText(number(0)).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByRole('button', { name: 'Gjort' }).click();
  await page.getByText('Raden er gjort').waitFor();

  const { state } = await one<{ state: string }>(desk.db, 'select state from sync.pushes where id = $1', [push]);
  assert.equal(state, 'delivered');
  const events = await desk.db.pool.query(
    `select event from audit.events where push_id = $1 and event in ('number_fetched', 'push_marked_done') order by id`,
    [push],
  );
  assert.deepEqual(
    events.rows.map(({ event }) => event),
    ['number_fetched', 'number_fetched', 'number_fetched', 'push_marked_done'],
    'fetched once for each time the key was opened, however often it was shown',
  );
  for (const [what, text] of Object.entries({ requests: sent.join('\n'), log: desk.log.join('') }))
    await inCase(what, async () => {
      assert.ok(!text.includes(number(0)), 'the number');
      assert.ok(!text.includes(secret) && !text.includes(encodeURIComponent(secret)), 'the passphrase');
      assert.doesNotMatch(decodeURIComponent(text.replaceAll('+', ' ')), /"d":/, 'the private key');
    });
  // One complaint would be a page that its own policy stops.
  assert.deepEqual(browser.complaints, []);
});

test('without script, and without WebCrypto, the pages say what to do, and the number leaves sealed only', async () => {
  const push = await putOnList(1);
  await using browser = await signedIn({ javaScriptEnabled: false });
  const { page } = browser;
  await page.goto(`${desk.url}/worklist/key`);
  assert.match(await mainText(page), /krever JavaScript/);
  assert.equal(await page.locator('#make-key').isVisible(), false);
  await page.goto(`${desk.url}/worklist/${push}`);
  assert.match(await mainText(page), /Nummeret kan bare åpnes i nettleseren/);
  const answer = await page.request.post(`${desk.url}/worklist/${push}/number`, {
    form: { _who: desk.coordinator.userId, _page: '/worklist' },
    headers: { origin: desk.url, 'sec-fetch-site': 'same-origin' },
  });
  assert.equal(answer.headers()['content-type'], 'application/jose');
  assert.match(await answer.text(), /^eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);

  await using other = await signedIn();
  await other.page.addInitScript(`Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })`);
  for (const [path, id] of [
    ['/worklist/key', 'key-status'],
    [`/worklist/${push}`, 'number-status'],
  ]) {
    await other.page.goto(`${desk.url}${path}`);
    await other.page.getByText('WebCrypto mangler').waitFor();
    assert.match((await other.page.locator(`#${id}`).textContent()) ?? '', /oppdatert nettleser/);
  }
});

test('a file is fetched sealed and acknowledged after a look at what that says; a wrong number stops it', async () => {
  const { pool } = desk.db;
  await pool.query(`update sync.member_systems set kind = 'file'`);
  await addMember(desk.db, desk.callback.organization, { ...person(2), external_id: 'M-2' });
  await comeIn(desk.callback, 2, number(2));
  const { rows } = await pool.query('select * from worker.claim_file($1)', ['files/1']);
  const pushes = rows.map(({ push_id }) => push_id);
  await pool.query(`select worker.finish_file($1, 'files/1', 'a.b.c.d.e', $2, '{}', '{}')`, [rows[0].file_id, pushes]);

  await using browser = await signedIn({ javaScriptEnabled: false });
  const { page } = browser;
  await page.goto(`${desk.url}/files`);
  assert.match(await mainText(page), /klar til å hentes/);
  await page.getByRole('link', { name: /^Laget/ }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Hent filen' }).click(),
  ]);
  assert.equal(await readFile(await download.path(), 'utf8'), 'a.b.c.d.e');

  await page.getByLabel('Medlemsnumre som ikke').fill('M-2\nM-99');
  await page.getByRole('button', { name: 'Fortsett' }).click();
  assert.match(await mainText(page), /unntatt for disse 2 medlemmene: M-2 M-99/);
  await page.getByRole('button', { name: 'Ja, bekreft filen' }).click();
  assert.match(await titleOf(page), /^Feil: /);
  assert.match(await mainText(page), /Ett av medlemsnumrene finnes ikke i filen/);
  await page.getByLabel('Medlemsnumre som ikke').fill('M-2');
  await page.getByRole('button', { name: 'Fortsett' }).click();
  await page.getByRole('button', { name: 'Ja, bekreft filen' }).click();
  assert.match(await mainText(page), /Filen er bekreftet/);
  const refused = await pool.query(
    `select p.error_code from sync.pushes as p join registry.members as m on m.id = p.member_id
     where m.external_id = 'M-2'`,
  );
  assert.deepEqual(refused.rows, [{ error_code: 'refused_by_receiver' }]);
});
