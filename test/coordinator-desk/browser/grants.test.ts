import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, test } from 'vitest';
import { focusIsVisible, tabTo } from '../../browser/support/keyboard.ts';
import { one } from '../../support/acting-callback.ts';
import { openPage, violations } from '../../support/chromium.ts';
import { becomeCoordinator } from '../../support/coordinator.ts';
import { writeGrantPopulation } from '../../support/grant-population.ts';
import { mainText, signInBrowser, titleOf, tooWide } from '../support/browser.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';
import { keptTranscript, transcriptOf } from '../support/transcript.ts';

// Grant reports in the desk, with scripts switched off: counted, looked at, frozen by two, given to the auditor.

let desk: OpenDesk;
beforeAll(async () => {
  desk = await openDesk();
  await writeGrantPopulation(desk.db.pool, desk.callback.organization, { size: 300, seed: 11, numbers: true });
});
afterAll(() => desk?.[Symbol.asyncDispose]());

test('a coordinator counts and proposes, another approves; then the figures are frozen, and the auditor gets list and sample', async () => {
  await using browser = await openPage({ locale: 'nb-NO', javaScriptEnabled: false });
  const { page } = browser;
  page.setDefaultTimeout(15_000);
  await signInBrowser(page, desk);
  await page.getByRole('link', { name: 'Tilskudd' }).click();
  assert.match(await mainText(page), /Ingen tellinger ennå/);
  await page.getByLabel('Grunnlagsår').fill('25');
  await page.getByRole('button', { name: 'Tell medlemmene' }).click();
  assert.match(await titleOf(page), /^Feil/);
  await page.getByLabel('Grunnlagsår').fill('2016');
  await page.getByRole('button', { name: 'Tell medlemmene' }).click();
  assert.match(await mainText(page), /Kommunene for det året er ikke lagt inn/);
  await page.getByLabel('Grunnlagsår').fill('2025');
  // By keyboard alone: the button has the focus, and Enter sends.
  await page.getByRole('button', { name: 'Tell medlemmene' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/grants\/[0-9a-f-]{36}$/);
  assert.match(await mainText(page), /Bedt om .*Tellingen begynner om litt/);
  const { id } = await one(desk.db, 'select id from reporting.snapshots');
  await one(desk.db, `select worker.begin_grant_count('${id}')`);
  const look = page.getByRole('link', { name: 'Se om tellingen er ferdig' });
  await look.click();
  assert.match(await mainText(page), /Tellingen begynte /);
  await one(desk.db, `select worker.count_grant('${id}')`);
  await look.focus();
  await page.keyboard.press('Enter');
  const { counted } = await one(desk.db, 'select counted from reporting.snapshots');
  await page.getByRole('button', { name: 'Trekk' }).waitFor();
  const shown = await mainText(page);
  assert.match(shown, /Grunnlagsår 2025, søknadsår 2026, tilskuddsår 2027/);
  assert.ok(shown.includes(`Teller med ${counted}`), shown);
  assert.match(shown, /Hvorfor de andre ikke teller .*Betalt for sent/);

  await page.getByLabel('Nummer', { exact: true }).fill('04');
  await page.getByLabel('Nummer fra året').fill('2019');
  await page.getByRole('button', { name: 'Tell', exact: true }).click();
  assert.match(await mainText(page), /\d+ medlemmer i 1 kommuner/);

  // Proposing and freezing, by keyboard alone.
  await tabTo(page, /^Notat \(kan stå tomt\)$/);
  assert.ok(await focusIsVisible(page));
  await page.keyboard.type('Sett på');
  await tabTo(page, /^Foreslå å fryse$/);
  assert.ok(await focusIsVisible(page));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/cases\/[0-9a-f-]{36}\?just=proposed$/);
  const colleague = await becomeCoordinator(desk.db, desk.callback.organization);
  desk.signIn.nextUser = { id: colleague.userId };
  await using second = await openPage({ locale: 'nb-NO', javaScriptEnabled: false });
  await signInBrowser(second.page, desk);
  await second.page.goto(page.url());
  assert.match(await mainText(second.page), /foreslått å fryse tallene for et tilskudd/);
  await tabTo(second.page, /^Godkjenn/);
  assert.ok(await focusIsVisible(second.page));
  await second.page.keyboard.press('Enter');
  await second.page.getByText('Tallene frosset').first().waitFor();
  desk.signIn.nextUser = { id: desk.coordinator.userId };

  await page.goto(`${desk.url}/grants/${id}`);
  assert.match(await mainText(page), /Frosset .* av to koordinatorer/);
  assert.equal(await page.getByRole('button', { name: 'Foreslå å fryse' }).count(), 0);
  await page.getByRole('button', { name: 'Trekk' }).click();
  assert.match(await titleOf(page), /Stikkprøve på 25/);
  assert.equal(await page.locator('tbody tr').count(), 25);
  await page.goto(`${desk.url}/grants/${id}/certificate`);
  assert.match(await mainText(page), /færre enn 5|Oslo/);

  await page.goto(`${desk.url}/grants/${id}`);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Listen til revisor (CSV)' }).click(),
  ]);
  const csv = readFileSync(await download.path(), 'utf8');
  const lines = csv.trim().split('\n');
  assert.equal(lines[0]?.replace('\uFEFF', ''), 'Nr.;Navn;Adresse;Fylke;Fødselsår;Betalt;Kroner');
  assert.equal(lines.length, counted + 1);
  assert.doesNotMatch(csv, /\d{11}/, 'no personnummer');
});

test('the pages are accessible, in each language, and are heard as they are read', async () => {
  const { id } = await one(desk.db, 'select id from reporting.snapshots');
  for (const locale of ['nb-NO', 'nn-NO', 'en-GB']) {
    await using browser = await openPage({ locale, viewport: { width: 320, height: 640 } });
    const { page } = browser;
    await signInBrowser(page, desk);
    for (const path of ['', `/${id}`, `/${id}/certificate`, `/${id}/lists/counted`, `/${id}/lists/not_counted`]) {
      await page.goto(`${desk.url}/grants${path}`);
      assert.deepEqual(await violations(page), [], `${locale} ${path}`);
      assert.equal(await tooWide(page), 0, `${locale} ${path}`);
      if (locale !== 'nb-NO' || (path !== '' && path !== `/${id}`)) continue;
      const heard = (await transcriptOf(page))
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<snapshot>')
        .replaceAll(/[0-9a-f]{64}/g, '<digest>');
      const { kept, now } = keptTranscript(path === '' ? 'grants' : 'grant', heard);
      assert.equal(now, kept);
    }
    const asked = await one(desk.db, `select id from private.ask_snapshot($1, 2025, 'innlandet', null)`, [
      desk.callback.organization.id,
    ]);
    await page.goto(`${desk.url}/grants/${asked.id}`);
    assert.deepEqual(await violations(page), [], `${locale} being counted`);
    assert.equal(await tooWide(page), 0, `${locale} being counted`);
    await desk.db.pool.query(
      `update reporting.snapshots set state = 'failed', failed_at = now(), failure = 'unexpected_error' where id = $1`,
      [asked.id],
    );
    await page.reload();
    assert.deepEqual(await violations(page), [], `${locale} failed`);
    assert.equal(await tooWide(page), 0, `${locale} failed`);
    await desk.db.pool.query('delete from reporting.snapshots where id = $1', [asked.id]);
  }
});

test('a count that failed says so, and is asked for again by keyboard', async () => {
  await using browser = await openPage({ locale: 'nb-NO', javaScriptEnabled: false });
  const { page } = browser;
  await signInBrowser(page, desk);
  const lost = await one(desk.db, `select id from private.ask_snapshot($1, 2024, 'innlandet', null)`, [
    desk.callback.organization.id,
  ]);
  await desk.db.pool.query(
    `update reporting.snapshots set state = 'failed', failed_at = now(), failure = 'unexpected_error' where id = $1`,
    [lost.id],
  );
  await page.goto(`${desk.url}/grants`);
  assert.match(await mainText(page), /grunnlagsår 2024 .* Mislyktes/);
  await page.goto(`${desk.url}/grants/${lost.id}`);
  assert.match(
    await mainText(page),
    /Tellingen mislyktes .*, og det er ingen tall\. Tell på nytt\. .* unexpected_error/,
  );
  await tabTo(page, /^Tell på nytt$/);
  assert.ok(await focusIsVisible(page));
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => /\/grants\/[0-9a-f-]{36}$/.test(url.pathname) && !url.href.endsWith(lost.id));
  assert.match(await mainText(page), /Bedt om /);
  const rows = await desk.db.pool.query(
    `select state, rule_code, base_year, corrects from reporting.snapshots where base_year = 2024`,
  );
  assert.deepEqual(rows.rows, [{ state: 'asked', rule_code: 'innlandet', base_year: 2024, corrects: null }]);
});
