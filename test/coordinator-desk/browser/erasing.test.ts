import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, test } from 'vitest';
import { finish } from '../../db/support/erasing.ts';
import { one } from '../../support/acting-callback.ts';
import { openPage, violations } from '../../support/chromium.ts';
import { becomeCoordinator } from '../../support/coordinator.ts';
import { addMember, addOrganization } from '../../support/samples.ts';
import { mainText, signInBrowser, titleOf } from '../support/browser.ts';
import { focusedName } from '../support/keyboard.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';

// What a person may ask for: a file with everything, and being erased. In the desk, with scripts switched off.

let desk: OpenDesk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.[Symbol.asyncDispose]());

const kari = () => addMember(desk.db, desk.callback.organization, { given_name: 'Kari', family_name: 'Nordmann' });

test('what goes and what stays is said; a reason that tells who, and an empty box, are sent back; then the person goes, and the receipt comes once', async () => {
  const member = await kari();
  await using browser = await openPage({ locale: 'nb-NO', javaScriptEnabled: false });
  const { page } = browser;
  await signInBrowser(page, desk);
  await page.goto(`${desk.url}/members/${member.id}`);
  await page.getByRole('link', { name: 'Slett alt om personen' }).click();
  assert.match(await mainText(page), /Dette slettes .* Dette blir stående/);
  assert.doesNotMatch(await mainText(page), /en annen koordinator/, 'one alone may erase here');
  await page.getByLabel('Begrunnelse').fill('Nordmann har bedt om det');
  await page.getByRole('button', { name: 'Slett' }).click();
  assert.match(await titleOf(page), /^Feil/);
  assert.match(await mainText(page), /Kryss av for at det er riktig person/);
  assert.equal(await page.getByLabel('Begrunnelse').inputValue(), 'Nordmann har bedt om det');
  await page.getByLabel('Jeg har sett').check();
  await page.getByRole('button', { name: 'Slett' }).click();
  assert.match(await mainText(page), /Begrunnelsen røper hvem det er/);
  await page.getByLabel('Begrunnelse').fill('Har bedt om det i brev');
  await page.getByLabel('Jeg har sett').check();
  await page.getByRole('button', { name: 'Slett' }).click();
  assert.match(page.url(), /\/erasures\/[0-9a-f-]{36}$/);
  assert.match(await mainText(page), /Skal slettes om få sekunder/);

  const { id } = await one(desk.db, 'select id from audit.erasures where member_id = $1', [member.id]);
  await finish(desk.db, id);
  await desk.db.poolFor('sync_worker').query(`select worker.store_receipt($1, 'signed.by.us')`, [id]);
  await page.getByRole('link', { name: 'Last siden på nytt' }).click();
  assert.match(await mainText(page), /Tilstand Slettet Begrunnelse Har bedt om det i brev/);
  await page.getByRole('button', { name: 'Hent kvitteringen' }).click();
  const receipt = await mainText(page);
  assert.match(receipt, /Kvittering for sletting .* har slettet det som var lagret om deg/);
  assert.match(receipt, /Medlemmer i registeret 1/);
  assert.doesNotMatch(receipt, /Kari|Nordmann/);
  assert.equal(await page.locator('textarea').inputValue(), 'signed.by.us');
  await page.goto(`${desk.url}/erasures/${id}`);
  assert.match(await mainText(page), /Kvitteringen ble hentet/);
  assert.equal((await page.goto(`${desk.url}/members/${member.id}`))?.status(), 404);
  await page.goto(`${desk.url}/members`);
  await page.getByRole('link', { name: 'Slettede personer' }).click();
  assert.equal(await page.getByRole('link', { name: /^Sletting / }).count(), 1);
});

test('everything stored about a person is a file, made by keyboard, and that it was made is audited', async () => {
  const member = await addMember(desk.db, desk.callback.organization, { external_id: 'M/7 ø', given_name: 'Ola' });
  await using browser = await openPage({ locale: 'nb-NO', javaScriptEnabled: false });
  const { page } = browser;
  await signInBrowser(page, desk);
  await page.goto(`${desk.url}/members/${member.id}`);
  const button = page.getByRole('button', { name: 'Lag filen med alt om personen' });
  await button.focus();
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  assert.equal(download.suggestedFilename(), 'innsyn-M_7__.json');
  const file = JSON.parse(await readFile(await download.path(), 'utf8'));
  assert.equal(file.member_id, member.id);
  assert.equal(file.tables['registry.members'][0].given_name, 'Ola');
  assert.equal(await focusedName(page), 'Lag filen med alt om personen', 'the page stays, and the focus with it');
  const { actor } = await one(
    desk.db,
    `select actor from audit.events where event = 'member_exported' and member_id = $1`,
    [member.id],
  );
  assert.equal(actor, `coordinator:${desk.coordinator.userId}`);
  const foreign = await addMember(desk.db, await addOrganization(desk.db));
  const answer = await page.request.post(`${desk.url}/members/${foreign.id}/export`, {
    headers: { origin: desk.url },
    form: { _who: desk.coordinator.userId, _page: `/members/${foreign.id}` },
  });
  assert.equal(answer.status(), 422);
  assert.equal(answer.headers()['content-disposition'], undefined);
});

test('where two are needed the page leads to the case, and another coordinator approves it there', async () => {
  await desk.db.pool.query(`update registry.organizations set second_approval = '{erase_member}'`);
  const member = await kari();
  const colleague = await becomeCoordinator(desk.db, desk.callback.organization);
  await using browser = await openPage({ locale: 'nb-NO', javaScriptEnabled: false });
  const { page } = browser;
  await signInBrowser(page, desk);
  await page.goto(`${desk.url}/members/${member.id}/erase`);
  assert.match(await mainText(page), /Ingenting slettes før en annen koordinator har godkjent det\./);
  await page.getByLabel('Begrunnelse').fill('Har bedt om det i brev');
  await page.getByLabel('Jeg har sett').check();
  await page.getByRole('button', { name: 'Slett' }).click();
  assert.match(page.url(), /\/cases\/[0-9a-f-]{36}\?just=proposed$/);
  assert.match(await titleOf(page), /Sletting av en person/);
  desk.signIn.nextUser = { id: colleague.userId };
  await using second = await openPage({ locale: 'nb-NO', javaScriptEnabled: false });
  await signInBrowser(second.page, desk);
  await second.page.goto(`${desk.url}/approvals`);
  assert.match(await mainText(second.page), /Sletting av en person/);
  await second.page.goto(page.url());
  assert.match(await mainText(second.page), /har foreslått å slette alt om Kari Nordmann/);
  await second.page.getByRole('button', { name: /Godkjenn/ }).click();
  assert.match(await mainText(second.page), /Personen slettet/);
  const { state, approved_by: by } = await one(
    desk.db,
    'select state, approved_by from audit.erasures where member_id = $1',
    [member.id],
  );
  assert.deepEqual([state, by], ['announced', `coordinator:${colleague.userId}`]);
  desk.signIn.nextUser = { id: desk.coordinator.userId };
});

test('the pages are accessible, in each language', async () => {
  const member = await kari();
  const { id } = await one(desk.db, 'select id from audit.erasures limit 1');
  for (const locale of ['nb-NO', 'nn-NO', 'en-GB']) {
    await using browser = await openPage({ locale });
    const { page } = browser;
    await signInBrowser(page, desk);
    for (const path of [`/members/${member.id}/erase`, '/erasures', `/erasures/${id}`]) {
      await page.goto(`${desk.url}${path}`);
      assert.deepEqual(await violations(page), [], `${locale} ${path}`);
    }
  }
});
