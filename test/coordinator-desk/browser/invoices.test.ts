import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { actAsCallback, one } from '../../support/acting-callback.ts';
import { openPage, violations } from '../../support/chromium.ts';
import { addMember, decoyNumber } from '../../support/samples.ts';
import { focusedText, mainText, signInBrowser, titleOf, tooWide } from '../support/browser.ts';
import { enterOn, typeInto } from '../support/keyboard.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';
import { keptTranscript, transcriptOf } from '../support/transcript.ts';

// Invoices in the desk, with scripts switched off: what became of them, cancelled and tried again; and nobody else's.

/** By invoice number, what became of each. */
const ends: Record<string, string> = {
  'F-1': `state = 'no_consent', attempts = 1, looked_up_by = 'number', look_ups = 1, look_ups_on = current_date, http_status = 404, settled_at = now()`,
  'F-2': `state = 'issued', attempts = 1, looked_up_by = 'number', look_ups = 1, look_ups_on = current_date, http_status = 200, settled_at = now()`,
  'F-3': `state = 'rejected', attempts = 1, http_status = 403, error_code = 'issuer_not_allowed', settled_at = now()`,
  'F-4': `attempts = 2, http_status = 429, error_code = 'http_429', next_attempt_at = now() + interval '1 hour'`,
  'F-5': `state = 'ambiguous', attempts = 1, looked_up_by = 'contact_data', look_ups = 1, look_ups_on = current_date, http_status = 409, settled_at = now()`,
  'F-6': `state = 'not_enough_data', attempts = 1, settled_at = now()`,
};

let desk: OpenDesk;
/** Of another organisation. */
let foreign: string;
beforeAll(async () => {
  desk = await openDesk();
  await addInvoices(desk.callback.organization, Object.keys(ends));
  const other = await actAsCallback(desk.db);
  await addInvoices(other.organization, ['X-1']);
  foreign = await idOf('X-1');
});
afterAll(() => desk?.[Symbol.asyncDispose]());

/** As the command adds them, and then each as `ends` says. */
async function addInvoices(organization: { id: string; slug: string }, numbers: string[]): Promise<void> {
  const { db } = desk;
  await db.pool.query(
    `insert into billing.issuers (organization_id, organization_number, account_number, base_url, access_token_url, client_id, client_secret_env)
     values ($1, '999999999', '99990000022', 'https://invoices.example.org', 'https://invoices.example.org/token', 'c', 'INVOICE_X')`,
    [organization.id],
  );
  await addMember(db, organization, { external_id: '17', given_name: 'Ola', family_name: 'Hansen' });
  const invoices = numbers.map((invoice_number, at) => ({
    line: at + 2,
    invoice_number,
    member: '17',
    amount_ore: 125_050,
    due_date: '2099-12-31',
    kid: '12345674',
    document_reference: null,
    description: 'Medlemskontingent',
  }));
  await db
    .poolFor('member_importer')
    .query('select * from billing.load_invoices($1, $2)', [organization.slug, JSON.stringify(invoices)]);
  for (const number of numbers) await turn(number);
  // One after the other, so that their order is the same each time.
  await db.pool.query(
    `update billing.invoices set created_at = now() - interval '1 day' + substr(invoice_number, 3)::integer * interval '1 second'`,
  );
}

/** Writes down what became of it. */
async function turn(number: string, to = ends[number]): Promise<void> {
  if (to === undefined) return;
  const waits = to.includes('settled_at') ? ', next_attempt_at = null' : '';
  await desk.db.pool.query(`update billing.invoices set ${to}${waits} where invoice_number = $1`, [number]);
}

const idOf = async (number: string): Promise<string> =>
  (await one<{ id: string }>(desk.db, 'select id from billing.invoices where invoice_number = $1', [number])).id;
const stateOf = async (number: string) =>
  one(desk.db, 'select state, cancel_reason from billing.invoices where invoice_number = $1', [number]);

async function signedIn(options: Parameters<typeof openPage>[0] = {}) {
  const browser = await openPage({ locale: 'nb-NO', javaScriptEnabled: false, ...options });
  await signInBrowser(browser.page, desk);
  return browser;
}

test('the pages are accessible, in each language and on a narrow screen, and are heard as they are read', async () => {
  const id = await idOf('F-1');
  for (const [locale, colorScheme] of [
    ['nb-NO', 'light'],
    ['nn-NO', 'dark'],
    ['en-GB', 'light'],
  ] as const) {
    await using browser = await openPage({ locale, colorScheme, viewport: { width: 320, height: 640 } });
    const { page } = browser;
    await signInBrowser(page, desk);
    for (const [name, path] of [
      ['invoices', '/invoices'],
      ['invoice', `/invoices/${id}`],
    ] as const) {
      await page.goto(`${desk.url}${path}`);
      assert.deepEqual(await violations(page), [], `${locale} ${name}`);
      assert.deepEqual([await tooWide(page), await tooWide(page, '200%')], [0, 0], `${locale} ${name}`);
      if (locale !== 'nb-NO') continue;
      const { kept, now } = keptTranscript(name, await transcriptOf(page));
      assert.equal(now, kept);
    }
    assert.deepEqual(browser.complaints, []);
  }
});

test('the list says what became of each invoice and why, in kroner, and is narrowed to a state', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.getByRole('link', { name: 'Fakturaer' }).click();
  const all = await mainText(page);
  assert.match(all, /6 fakturaer på denne siden/);
  assert.match(
    all,
    /F-1 Ola Hansen \(medlem 17\) 1 250,50 kr 31\. desember 2099 ikke sendt\. Mottakeren kunne ikke nås/,
  );
  assert.match(all, /F-3 .*avvist\. Organisasjonen har ikke lov til å sende fakturaer/);
  assert.match(all, /F-4 .*venter på å bli sendt\. Fakturatjenesten har mye å gjøre/);
  assert.match(all, /F-6 .*ikke sendt\. Det er registrert for lite om medlemmet/);
  assert.doesNotMatch(all, /X-1/);
  for (const [filter, numbers] of [
    ['Ikke sendt, du må gjøre noe', ['F-1', 'F-3', 'F-5', 'F-6']],
    ['Venter på å bli sendt', ['F-4']],
    ['Sendt', ['F-2']],
    ['Annullert', []],
  ] as const) {
    await page.getByLabel('Tilstand').selectOption({ label: filter });
    await page.getByRole('button', { name: 'Vis' }).click();
    const shown = await page.locator('tbody th').allInnerTexts();
    assert.deepEqual(shown.toSorted(), numbers, filter);
  }
  await desk.db.pool.query(
    `insert into billing.breakers (organization_id, state, failures, error_code, opened_at, probe_at)
     values ($1, 'open', 5, 'http_5xx', now(), now() + interval '10 minutes')`,
    [desk.callback.organization.id],
  );
  await page.goto(`${desk.url}/invoices`);
  assert.match(await mainText(page), /sendes ikke nå\. Fakturatjenesten har en feil hos seg selv\. Det prøves igjen/);
  await desk.db.pool.query('delete from billing.breakers');
});

test('by keyboard alone an invoice is cancelled, with a reason and not without', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/invoices?state=stopped`);
  await enterOn(page, /^F-5$/);
  await enterOn(page, /^Annuller fakturaen$/);
  assert.match(await titleOf(page), /^Feil: Faktura F-5/);
  assert.match(await focusedText(page), /Skriv hvorfor fakturaen annulleres/);
  await typeInto(page, /^Hvorfor annullerer du\?$/, 'x'.repeat(500));
  await enterOn(page, /^Annuller fakturaen$/);
  assert.equal(await focusedText(page), 'Fakturaen er annullert');
  assert.deepEqual(await stateOf('F-5'), { state: 'cancelled', cancel_reason: 'x'.repeat(500) });
  assert.equal(await page.getByRole('button', { name: /Annuller|Prøv igjen/ }).count(), 0);

  await page.goto(`${desk.url}/invoices/${await idOf('F-6')}`);
  await typeInto(page, /^Hvorfor annullerer du\?$/, `Gjelder ${decoyNumber}`);
  await enterOn(page, /^Annuller fakturaen$/);
  assert.match(await focusedText(page), /fødselsnummer/);
  assert.equal((await stateOf('F-6')).state, 'not_enough_data');
});

test('by keyboard alone an invoice is tried again', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/invoices/${await idOf('F-3')}`);
  await enterOn(page, /^Prøv igjen$/);
  assert.match(await focusedText(page), /^Fakturaen prøves igjen/);
  assert.equal((await stateOf('F-3')).state, 'pending');
});

test('what the worker or a colleague did meanwhile is said, nothing is done, and what was typed stands there', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  const id = await idOf('F-1');
  await page.goto(`${desk.url}/invoices/${id}`);
  await page.getByLabel('Hvorfor annullerer du?').fill('Sendt i posten.');
  await turn('F-1', ends['F-2']);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === 'POST'),
    page.getByRole('button', { name: 'Annuller fakturaen' }).click(),
  ]);
  assert.equal(answer.status(), 409);
  assert.match(await focusedText(page), /Ingenting er gjort.*er sendt.*Sendt i posten\./);
  assert.equal((await stateOf('F-1')).state, 'issued');

  await turn('F-1', ends['F-1']);
  await page.goto(`${desk.url}/invoices/${id}`);
  await turn('F-1', ends['F-2']);
  const [again] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === 'POST'),
    page.getByRole('button', { name: 'Prøv igjen' }).click(),
  ]);
  assert.equal(again.status(), 409);
  assert.equal((await stateOf('F-1')).state, 'issued');
});

test('an invoice of another organisation, and one that is none, is not there: neither to look at nor to change', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  for (const id of [foreign, crypto.randomUUID(), 'F-1']) {
    const response = await page.goto(`${desk.url}/invoices/${id}`);
    assert.equal(response?.status(), 404, id);
    for (const [button, end] of [
      ['Annuller fakturaen', 'cancel'],
      ['Prøv igjen', 'retry'],
    ] as const) {
      await page.goto(`${desk.url}/invoices/${await idOf('F-6')}`);
      await page.evaluate(`document.querySelector('form[action$="/${end}"]').action = '/invoices/${id}/${end}'`);
      if (end === 'cancel') await page.getByLabel('Hvorfor annullerer du?').fill('Sendt i posten.');
      const [answer] = await Promise.all([
        page.waitForResponse((each) => each.request().method() === 'POST'),
        page.getByRole('button', { name: button }).click(),
      ]);
      assert.equal(answer.status(), 404, `${end} ${id}`);
    }
  }
  assert.deepEqual(await stateOf('X-1'), { state: 'pending', cancel_reason: null });
});
