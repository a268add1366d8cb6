import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import { sealForReceiver } from '../../../worker/sealed-numbers.ts';
import { comeIn, number, person } from '../../docs/scene.ts';
import { one } from '../../support/acting-callback.ts';
import { openPage, violations } from '../../support/chromium.ts';
import { becomeCoordinator, type Coordinator } from '../../support/coordinator.ts';
import { inCase } from '../../support/in-case.ts';
import { claimPush, finishPush, pushWorker } from '../../support/push-worker.ts';
import { addMember } from '../../support/samples.ts';
import { focusedText, mainText, tooWide } from '../support/browser.ts';
import { enterOn, tabTo, typeInto } from '../support/keyboard.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';
import { keptTranscript, transcriptOf } from '../support/transcript.ts';

// The pages that are no cases, and the case of a key: as they are seen, heard, and used by keyboard alone. One stack and one browser, in the order
// of a day: the member system takes changes by itself, then a person types them in, then it reads files.

let desk: OpenDesk;
let colleague: Coordinator;
let login: string;
beforeAll(async () => {
  desk = await openDesk();
  colleague = await becomeCoordinator(desk.db, desk.callback.organization);
  await desk.db.pool.query(
    `update registry.coordinators set name = case user_id when $1 then 'Kollega Hansen' else 'Kari Koordinator' end`,
    [colleague.userId],
  );
  await addMember(desk.db, desk.callback.organization, { ...person(0), external_id: 'M-0' });
  await comeIn(desk.callback, 0, number(0));
  await pushWorker(desk.db).attempt(await pushOf('M-0'), { result: 'rejected', status: 422, code: 'http_4xx' });
  await addMember(desk.db, desk.callback.organization, { ...person(1), phone: null, email: null, external_id: 'M-1' });
  const stranger = await comeIn(desk.callback, 1);
  assert.equal(stranger.outcome, 'unlinked');
  login = stranger.observation_id;
  await desk.db.pool.query('select private.count_figures(), private.count_months()');
});
afterAll(() => desk?.[Symbol.asyncDispose]());

async function signedIn(as: Coordinator = desk.coordinator, options: Parameters<typeof openPage>[0] = {}) {
  const browser = await openPage({ locale: 'nb-NO', viewport: { width: 320, height: 640 }, ...options });
  desk.signIn.nextUser = { id: as.userId };
  await browser.page.goto(`${desk.url}/sign-in/${desk.callback.organization.slug}`);
  return browser;
}

async function pushOf(member: string): Promise<string> {
  const { id } = await one<{ id: string }>(
    desk.db,
    'select p.id from sync.pushes as p join registry.members as m on m.id = p.member_id where m.external_id = $1',
    [member],
  );
  return id;
}
const turnInto = (kind: 'worklist' | 'file') =>
  desk.db.pool.query(
    `update sync.member_systems set kind = $1, url_template = null, auth = 'none', secret_env = null, receiver_key = $2`,
    [kind, inUse],
  );
/** Keys that nobody has the private half of: nothing is opened here. */
const jwkOf = (x: string) => ({ kty: 'OKP', crv: 'X25519', x: createHash('sha256').update(x).digest('base64url') });
const inUse = { ...jwkOf('the key in use'), kid: 'of this test' };
const proposed = jwkOf('the key that is proposed');

/** As a screen reader reads each page, and in three languages, narrow, what axe finds; with text at double size too. */
async function look(pages: Record<string, string>, as: Coordinator = desk.coordinator): Promise<void> {
  for (const [locale, colorScheme] of [
    ['nb-NO', 'light'],
    ['nn-NO', 'dark'],
    ['en-GB', 'light'],
  ] as const) {
    await using browser = await signedIn(as, { locale, colorScheme });
    const { page } = browser;
    for (const [name, path] of Object.entries(pages))
      await inCase(`${name} ${locale}`, async () => {
        await page.goto(`${desk.url}${path}`);
        assert.deepEqual(await violations(page), []);
        assert.deepEqual([await tooWide(page), await tooWide(page, '200%')], [0, 0], 'scrolled sideways');
        if (locale !== 'nb-NO') return;
        const { kept, now } = keptTranscript(name, await transcriptOf(page));
        assert.equal(now, kept);
      });
    assert.deepEqual(browser.complaints, []);
  }
}

test('figures and help are seen and heard', () => look({ quality: '/quality', help: '/help' }));

test('by keyboard alone a member is searched for, a login is linked to them, and that is undone from the settled cases', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/logins`);
  await enterOn(page, /^GivenB FamilyB$/);
  await typeInto(page, /^Søk etter medlem$/, 'givenb');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  assert.match(await focusedText(page), /^Ett medlem passer/, 'the answer to a search has the focus');
  await desk.db.pool.query(`update registry.organizations set second_approval = '{link_login}'`);
  await enterOn(page, /^Velg GivenB FamilyB$/);
  assert.match(await mainText(page), /En annen koordinator må godkjenne dette/, 'said before it is done');
  await desk.db.pool.query(`update registry.organizations set second_approval = default`);
  await typeInto(page, /^Notat/, 'Ringte henne.');
  await enterOn(page, /^Ja, knytt påloggingen/);
  assert.match(await focusedText(page), /Påloggingen er knyttet til medlemmet/, 'the focus is where the answer is');

  await page.goto(`${desk.url}/settled`);
  await enterOn(page, /GivenB FamilyB/);
  await typeInto(page, /^Hvorfor angrer du\?$/, 'Feil person.');
  await enterOn(page, /^Angre avgjørelsen$/);
  assert.match(await focusedText(page), /angret/);
  const { linked } = await one(
    desk.db,
    `select count(*)::int as linked from registry.identity_links where subject = 'person 1'`,
  );
  assert.equal(linked, 0);
  assert.ok(login);
});

test('by keyboard alone a delivery is tried again', async () => {
  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/deliveries?state=failed`);
  await enterOn(page, /^Prøv igjen: GivenA FamilyA/);
  assert.equal(await focusedText(page), 'Overføringen prøves igjen');
  assert.equal(
    (
      await one(
        desk.db,
        `select count(*)::int as n from sync.pushes where state = 'pending' and member_id =
        (select id from registry.members where external_id = 'M-0')`,
      )
    ).n,
    1,
  );
});

test('the worklist and its key are seen and heard; by keyboard alone a row is done', async () => {
  await turnInto('worklist');
  await addMember(desk.db, desk.callback.organization, { ...person(2), external_id: 'M-2' });
  await comeIn(desk.callback, 2, number(2));
  const push = await pushOf('M-2');
  const { fencing_token } = await claimPush(desk.db.pool, push);
  const receiver_sealed = await sealForReceiver(inUse, number(2));
  const report = { push_id: push, fencing_token, result: 'accepted', receiver_sealed, retry_after: 86_400 };
  assert.equal(await finishPush(desk.db.pool, report), 'pending');
  await look({ worklist: '/worklist', 'worklist-key': '/worklist/key', 'worklist-row': `/worklist/${push}` });

  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/worklist`);
  await enterOn(page, /^GivenC FamilyC/);
  await enterOn(page, /^Gjort$/);
  assert.match(await focusedText(page), /Raden er gjort/);
  assert.equal((await one(desk.db, 'select state from sync.pushes where id = $1', [push])).state, 'delivered');
});

test('files are seen and heard; by keyboard alone one is acknowledged', async () => {
  await turnInto('file');
  await addMember(desk.db, desk.callback.organization, { ...person(3), external_id: 'M-3' });
  await comeIn(desk.callback, 3, number(3));
  const { rows } = await desk.db.pool.query('select * from worker.claim_file($1)', ['files/1']);
  const pushes = rows.map(({ push_id }) => push_id);
  const [{ file_id }] = rows;
  await desk.db.pool.query(`select worker.finish_file($1, 'files/1', 'a.b.c.d.e', $2, '{}', '{}')`, [file_id, pushes]);
  await look({ files: '/files', file: `/files/${file_id}` });

  await using browser = await signedIn();
  const { page } = browser;
  await page.goto(`${desk.url}/files`);
  await enterOn(page, /^Laget/);
  await typeInto(page, /^Medlemsnumre som ikke/, 'M-3');
  await enterOn(page, /^Fortsett$/);
  assert.equal(await focusedText(page), 'Bekrefte filen?');
  assert.deepEqual(await violations(page), []);
  const { kept, now } = keptTranscript('file-check', await transcriptOf(page));
  assert.equal(now, kept);
  await enterOn(page, /^Ja, bekreft filen$/);
  assert.match(await focusedText(page), /Filen er bekreftet/);
  assert.equal(
    (await one(desk.db, 'select error_code from sync.pushes where id = $1', [await pushOf('M-3')])).error_code,
    'refused_by_receiver',
  );
});

test('the case of a key: proposed by one, seen and heard by another, declined, kept; proposed again, and by keyboard alone approved', async () => {
  const propose = async () => {
    const { slug } = desk.callback.organization;
    const reply = await desk.coordinator.call('propose_receiver_key', slug, proposed);
    return String(reply.conflict_id);
  };
  const state = async (id: string) =>
    (await one(desk.db, 'select state, decision from registry.conflicts where id = $1', [id])) as object;
  const first = await propose();
  await look({ 'case-receiver_key': `/cases/${first}` }, colleague);
  await using browser = await signedIn(colleague);
  const { page } = browser;
  await page.goto(`${desk.url}/cases/${first}`);
  assert.match(await mainText(page), /Fingeravtrykket til den nye nøkkelen er [\w-]{43}\./, 'what is to be compared');
  await typeInto(page, /^Hvorfor avslår du\?$/, 'Ikke det hun leste opp.');
  await enterOn(page, /^Avslå forslaget$/);
  assert.match(await focusedText(page), /avslått/);
  assert.equal(((await state(first)) as { state: string }).state, 'open');
  const offered = await page
    .locator('input[name=decision]')
    .evaluateAll((inputs) => inputs.map((input) => input.getAttribute('value')));
  assert.deepEqual(offered, ['accept_receiver_key', 'keep_existing']);
  assert.match(await mainText(page), /En annen koordinator må godkjenne dette/);
  await page.locator('input[value=keep_existing]').check();
  await enterOn(page, /^Avgjør saken$/);
  assert.deepEqual(await state(first), { state: 'resolved', decision: 'keep_existing' });
  assert.match(await mainText(page), /kan ikke angres/);

  const second = await propose();
  await page.goto(`${desk.url}/approvals`);
  await tabTo(page, /nøkkel/i);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  assert.equal(page.url(), `${desk.url}/cases/${second}`);
  await enterOn(page, /^Godkjenn og avgjør saken$/);
  assert.match(await focusedText(page), /Saken er avgjort/);
  assert.deepEqual(await state(second), { state: 'resolved', decision: 'accept_receiver_key' });
  assert.equal((await one(desk.db, 'select receiver_key from sync.member_systems')).receiver_key.x, proposed.x);
});
