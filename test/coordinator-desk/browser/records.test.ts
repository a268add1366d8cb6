import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';
import { comeIn, number, person } from '../../docs/scene.ts';
import { type ActingCallback, actAsCallback, one } from '../../support/acting-callback.ts';
import { openPage, violations } from '../../support/chromium.ts';
import { inCase } from '../../support/in-case.ts';
import { pushWorker } from '../../support/push-worker.ts';
import { addMember, decoyNumber, type Member } from '../../support/samples.ts';
import { mainText, titleOf, tooWide } from '../support/browser.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';
import { keptTranscript, transcriptOf } from '../support/transcript.ts';

// Members, logins, deliveries and the member system: what a coordinator finds and does there, with scripts switched off.

let desk: OpenDesk;
let kari: Member;
let login: string;
let failed: string;
let foreign: { callback: ActingCallback; member: string; login: string; push: string };

/** A member whose first login brought a number, somebody nobody knows, and a delivery that the member system refused. */
async function fill(db: OpenDesk['db'], callback: ActingCallback, first: number) {
  const member = await addMember(db, callback.organization, { ...person(first), external_id: `M-${first}` });
  await comeIn(callback, first, number(first));
  const { id: push } = await one<{ id: string }>(db, 'select id from sync.pushes where member_id = $1', [member.id]);
  await pushWorker(db).attempt(push, { result: 'rejected', status: 422, code: 'http_4xx' });
  await addMember(db, callback.organization, { ...person(first + 1), phone: null, email: null });
  const stranger = await comeIn(callback, first + 1, number(first + 1));
  assert.equal(stranger.outcome, 'unlinked');
  return { member, push, login: stranger.observation_id };
}

beforeAll(async () => {
  desk = await openDesk();
  ({ member: kari, push: failed, login } = await fill(desk.db, desk.callback, 0));
  const callback = await actAsCallback(desk.db);
  const theirs = await fill(desk.db, callback, 2);
  foreign = { callback, member: theirs.member.id, login: theirs.login, push: theirs.push };
});
afterAll(() => desk?.[Symbol.asyncDispose]());

async function signedIn(options: Parameters<typeof openPage>[0] = {}) {
  const browser = await openPage({ locale: 'nb-NO', javaScriptEnabled: false, ...options });
  await browser.page.goto(`${desk.url}/sign-in/${desk.callback.organization.slug}`);
  return browser;
}
const h1 = (page: Page) => page.locator('h1').textContent();

// First, before anything is done here: what is read is then the same each time.
test('what a screen reader reads of each page is as it was kept', async () => {
  const { id: other } = await one<{ id: string }>(
    desk.db,
    `select id from registry.members where organization_id = $1 and given_name = 'GivenB'`,
    [desk.callback.organization.id],
  );
  await using browser = await signedIn({ javaScriptEnabled: true });
  const { page } = browser;
  for (const [name, path] of Object.entries({
    members: '/members?q=given',
    member: `/members/${kari.id}`,
    logins: '/logins',
    login: `/logins/${login}`,
    'login-link': `/logins/${login}/link?member=${other}`,
    deliveries: '/deliveries?state=failed',
    systems: '/systems',
  }))
    await inCase(name, async () => {
      await page.goto(`${desk.url}${path}`);
      const { kept, now } = keptTranscript(name, await transcriptOf(page));
      assert.equal(now, kept);
    });
});

test('a member is found by name, and the page of one tells record, logins, cases, deliveries and history, masked', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/members`);
  await page.getByLabel('Søk etter medlem').fill('given family');
  await page.getByRole('button', { name: 'Søk' }).click();
  assert.match(await mainText(page), /2 medlemmer passer/);
  await page.getByRole('link', { name: 'GivenA FamilyA' }).click();
  assert.match((await h1(page)) ?? '', /GivenA FamilyA \(medlem M-0\)/);
  const text = await mainText(page);
  for (const told of [
    /Fødselsdato 1\. januar 1950/,
    /Fødselsnummer \d{6}\*{5}/,
    /Kommer fra pålogging med Vipps/,
    /Overføring mislyktes/,
    /nummeret ble fylt inn ja/,
    /skriv inn nummeret avvist/,
    /Registeret manglet nummer og fikk det fra påloggingen\./,
    /Medlemssystemet avviste endringen\./,
  ])
    assert.match(text, told);
  assert.doesNotMatch(await page.content(), /(?<![\d-])\d{11}(?![\d-])/);
});

test('a search that finds nobody, says too little or is for a number, says so at the field', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  for (const [query, answer] of [
    ['Ukjent Person', /Ingen medlemmer passer/],
    ['a', /Skriv minst to bokstaver/],
    [decoyNumber, /Ingen blir funnet med fødselsnummer/],
  ] as const) {
    await page.goto(`${desk.url}/members?q=${encodeURIComponent(query)}`);
    assert.match(await mainText(page), answer);
  }
  assert.match(await titleOf(page), /^Feil: /);
  assert.ok(!(await page.content()).includes(decoyNumber));
  assert.equal(await page.getByLabel('Søk etter medlem').getAttribute('aria-invalid'), 'true');
});

test('a number that is typed into a search goes into no address', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  for (const path of ['/members', '/settled']) {
    await page.goto(`${desk.url}${path}`);
    for (const typed of [decoyNumber, `${decoyNumber.slice(0, 6)} ${decoyNumber.slice(6)}`]) {
      await page.getByLabel('Søk etter medlem').fill(typed);
      await page.getByRole('button', { name: 'Søk' }).click();
      assert.equal(page.url(), `${desk.url}${path}`);
    }
    await page.getByLabel('Søk etter medlem').fill('+46701234567');
    await page.getByRole('button', { name: 'Søk' }).click();
    await page.waitForURL(/q=%2B46701234567/);
  }
});

test('a login that belongs to nobody is linked after a look at both, and that is undone', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/logins`);
  await page.getByRole('link', { name: 'GivenB FamilyB' }).click();
  assert.equal(await h1(page), 'Hvem er GivenB FamilyB?');
  await page.getByLabel('Søk etter medlem').fill('GivenB');
  await page.getByRole('button', { name: 'Søk' }).click();
  await page.getByRole('link', { name: 'Velg GivenB FamilyB' }).click();
  assert.match((await h1(page)) ?? '', /^Er dette GivenB FamilyB/);
  assert.match(await mainText(page), /Fornavn GivenB GivenB lik/);
  await page.getByLabel('Notat').fill('Ringte henne');
  await page.getByRole('button', { name: 'Ja, knytt påloggingen' }).click();
  assert.match((await h1(page)) ?? '', /Påloggingen hører til GivenB FamilyB/);
  assert.match(await mainText(page), /Påloggingen er knyttet til medlemmet/);
  const settled = await one(
    desk.db,
    `select decision, note, decided_by from registry.conflicts where observation_id = $1 and state = 'resolved'`,
    [login],
  );
  assert.deepEqual(settled, {
    decision: 'link_login',
    note: 'Ringte henne',
    decided_by: `coordinator:${desk.coordinator.userId}`,
  });

  await page.getByLabel('Hvorfor angrer du?').fill('Feil person');
  await page.getByRole('button', { name: 'Angre koblingen' }).click();
  assert.match(await mainText(page), /Koblingen er angret/);
  assert.equal(await h1(page), 'Hvem er GivenB FamilyB?');
  assert.equal(
    (
      await one(
        desk.db,
        `select count(*)::int as n from registry.identity_links where member_id <> $1
    and organization_id = $2`,
        [kari.id, desk.callback.organization.id],
      )
    ).n,
    0,
  );
});

test('a note with a number stops the linking, and is still there to be corrected', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  const { id } = await one<{ id: string }>(
    desk.db,
    `select id from registry.members where organization_id = $1 and given_name = 'GivenB'`,
    [desk.callback.organization.id],
  );
  await page.goto(`${desk.url}/logins/${login}/link?member=${id}`);
  await page.getByLabel('Notat').fill(`nummeret er ${decoyNumber}`);
  await page.getByRole('button', { name: 'Ja, knytt påloggingen' }).click();
  assert.match(await mainText(page), /Ingenting er gjort.*elleve siffer/);
  assert.match(await page.getByLabel('Notat').inputValue(), /^nummeret er/);
});

test('deliveries: why one failed, in words; one is tried again, and all with the same fault', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/deliveries`);
  await page.getByLabel('Tilstand', { exact: true }).selectOption('failed');
  await page.getByRole('button', { name: 'Vis' }).click();
  assert.match(await mainText(page), /avvist\. Medlemssystemet avviste endringen/);
  await page.getByRole('button', { name: /^Prøv igjen: GivenA FamilyA/ }).click();
  assert.equal(await h1(page), 'Overføringen prøves igjen');
  assert.match(await mainText(page), /venter på å bli overført.*Du kan forlate siden/);
  const again = new URL(page.url()).searchParams.get('push') ?? '';
  await pushWorker(desk.db).attempt(again, { result: 'rejected', status: 422, code: 'http_4xx' });

  await page.goto(`${desk.url}/deliveries?state=failed`);
  await page.getByRole('button', { name: /^Prøv alle med samme feil igjen/ }).click();
  assert.equal(await h1(page), 'Overføringer som prøves igjen');
  assert.match(await mainText(page), /\d overføringer venter.*Ingen er mislykket med denne feilen lenger/);
  const waiting = await one(
    desk.db,
    `select count(*)::int as n from sync.pushes where state = 'pending' and member_id = $1`,
    [kari.id],
  );
  assert.equal(waiting.n, 1);

  // Somebody whose list is old: the first push was followed by others.
  const answer = await page.request.post(`${desk.url}/deliveries/retry`, {
    form: { push: failed, _who: desk.coordinator.userId, _page: '/deliveries' },
    headers: { origin: desk.url, 'sec-fetch-site': 'same-origin' },
  });
  assert.equal(answer.status(), 422);
  assert.match(await answer.text(), /Overføringen har ikke mislyktes/);
});

test('the member system: whether it works, in plain words', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/systems`);
  assert.match(await mainText(page), /Ja\. Endringene går fram\./);
});

test('figures: each picture says in words, in a table and in a file what it shows', async () => {
  await desk.db.pool.query('select private.count_figures(), private.count_months()');
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/quality`);
  assert.match(await mainText(page), /Med fødselsnummer 1 /);
  const pictures = page.locator('main svg[role=img]');
  assert.equal(await pictures.count(), 5);
  for (let nth = 0; nth < 5; nth += 1) {
    const chart = pictures.nth(nth);
    const title = (await chart.locator('title').textContent()) ?? '';
    assert.match((await chart.locator('desc').textContent()) ?? '', /\d/);
    const table = page.getByRole('table', { name: `${title}: tallene` });
    const lines = await table.locator('tbody tr').count();
    const link = page.getByRole('link', { name: `Last ned tallene: ${title} (CSV)` });
    const answer = await page.request.get(`${desk.url}${await link.getAttribute('href')}`);
    const text = await answer.text();
    assert.match(answer.headers()['content-type'] ?? '', /^text\/csv/);
    assert.doesNotMatch(text, /[\u00a0\u2212]/);
    const rows: string[][] = parse(text, { delimiter: ';', bom: true });
    assert.equal(rows.length, lines + 1, 'the file has the rows of the table');
    const cells = await table.locator('tbody tr').last().locator('th, td').allTextContents();
    assert.deepEqual(
      rows.at(-1),
      cells.map((cell) => cell.replaceAll('\u00a0', '').replace('ikke talt ennå', '')),
    );
  }
  const theirs = foreign.callback.organization.slug;
  assert.equal((await page.request.get(`${desk.url}/quality/${theirs}/members.csv`)).status(), 404);
  await page.goto(`${desk.url}/quality?organization=${theirs}`);
  assert.match((await h1(page)) ?? '', new RegExp(desk.callback.organization.name));
});

test('what another organisation has is not there, whatever id is named', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  const before = await one(desk.db, 'select count(*)::int as n from registry.identity_links');
  for (const path of [
    `/members/${foreign.member}`,
    `/logins/${foreign.login}`,
    `/logins/${login}/link?member=${foreign.member}`,
    `/logins/${foreign.login}/link?member=${kari.id}`,
    `/deliveries/progress?push=${foreign.push}`,
    `/files/${foreign.push}`,
    `/worklist/${foreign.push}`,
    '/members/nobody',
  ])
    await inCase(path, async () => assert.equal((await page.goto(`${desk.url}${path}`))?.status(), 404));
  const post = (path: string, form: Record<string, string>) =>
    page.request.post(`${desk.url}${path}`, {
      form: { _who: desk.coordinator.userId, _page: '/', ...form },
      headers: { origin: desk.url, 'sec-fetch-site': 'same-origin' },
      maxRedirects: 0,
    });
  for (const [path, form] of [
    [`/logins/${login}/link`, { member: foreign.member }],
    [`/logins/${foreign.login}/link`, { member: kari.id }],
    ['/deliveries/retry', { push: foreign.push }],
    [`/files/${foreign.push}/fetch`, {}],
    [`/files/${foreign.push}/acknowledge`, { confirmed: 'yes' }],
    [`/worklist/${foreign.push}/number`, {}],
    [`/worklist/${foreign.push}/done`, {}],
  ] as const)
    await inCase(path, async () => assert.ok([404, 409, 422].includes((await post(path, form)).status())));
  assert.deepEqual(await one(desk.db, 'select count(*)::int as n from registry.identity_links'), before);
  for (const path of ['/members?q=given', '/logins', '/deliveries'])
    await inCase(path, async () => {
      await page.goto(`${desk.url}${path}`);
      assert.doesNotMatch(await mainText(page), /GivenC|GivenD/);
    });
});

test('each page in three languages, light and dark, narrow and at double size, has nothing that axe objects to', async () => {
  const pages = () => [
    '/members',
    '/members?q=given',
    '/members?q=a',
    `/members/${kari.id}`,
    '/logins',
    `/logins/${login}`,
    `/logins/${login}/link?member=${kari.id}`,
    '/deliveries',
    '/deliveries/progress?code=http_4xx',
    '/systems',
    '/quality',
    '/help',
    '/files',
    '/worklist',
  ];
  for (const [locale, colorScheme] of [
    ['nb-NO', 'light'],
    ['nn-NO', 'dark'],
    ['en-GB', 'light'],
  ] as const) {
    await using browser = await signedIn({
      javaScriptEnabled: true,
      locale,
      colorScheme,
      viewport: { width: 320, height: 640 },
    });
    const { page } = browser;
    for (const path of pages())
      await inCase(`${path} ${locale}`, async () => {
        await page.goto(`${desk.url}${path}`);
        assert.deepEqual(await violations(page), []);
        assert.deepEqual([await tooWide(page), await tooWide(page, '200%')], [0, 0], 'scrolled sideways');
      });
  }
});
