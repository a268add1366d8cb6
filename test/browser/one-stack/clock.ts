import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { setMemberSystemMode } from '../../../local/demo/member-systems.ts';
import { logIn } from '../../../local/scripted-login.ts';
import { openPage, violations } from '../../support/chromium.ts';
import { searchText } from '../../support/leaks.ts';
import { until } from '../../support/until.ts';
import { focusIsVisible, tabTo } from '../support/keyboard.ts';
import { theStack } from './the-stack.ts';

// The time of the stack, and what became of one login, on the pages of the sample app.

type Push = { state: string; attempts: number; pause: number; observation_id: string };

test('a delivery that failed again and again is delivered once the clock is moved by its pause; its login is followed to the end, by keyboard', async () => {
  const stack = theStack().stack();
  const database = new pg.Pool({ connectionString: stack.databaseUrl, max: 1 });
  const push = async () => {
    const { rows } = await database.query<Push>(
      `select p.state, p.attempts, p.observation_id, ceil(extract(epoch from p.next_attempt_at - now()))::integer as pause
       from sync.pushes as p join registry.organizations as g on g.id = p.organization_id
       where g.slug = 'blindeforbundet' order by p.created_at desc limit 1`,
    );
    return rows[0];
  };
  try {
    await setMemberSystemMode(stack, 'blindeforbundet', 'down');
    await using opened = await openPage();
    const { page } = opened;
    await page.goto(stack.appUrl);
    await page.locator('a[href*="person=blindeforbundet-filled&"]').click();
    await page.locator('form button').first().click();
    await page.getByRole('heading', { level: 1, name: 'Logged in' }).waitFor();
    await page.getByRole('link', { name: 'What happened because of this login' }).click();
    await page.getByRole('heading', { level: 1, name: 'What happened because of this login' }).waitFor();
    const followUrl = page.url();

    // The fourth pause is 55 seconds or more: nobody waits for it here.
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      const failed = await until(`attempt ${attempt} has failed`, async () => {
        const found = await push();
        return found?.state === 'pending' && found.attempts === attempt && found;
      });
      if (attempt < 4) await move(stack.appUrl, Math.max(failed.pause, 1));
    }
    await setMemberSystemMode(stack, 'blindeforbundet', 'ok');

    await page.goto(`${stack.appUrl}/clock`);
    assert.deepEqual(await violations(page), []);
    await tabTo(page, /^Move there/);
    assert.ok(await focusIsVisible(page));
    await page.keyboard.press('Enter');
    assert.match(
      (await page.getByRole('status').textContent()) ?? '',
      /^The clock was moved forward by (\d+ seconds|1 minute)\.$/,
    );
    await until('the delivery', async () => (await push())?.state === 'delivered', 120_000);
    assert.deepEqual(await violations(page), []);

    const followed = await until('everything is sealed', async () => {
      await page.goto(followUrl);
      const text = (await page.locator('main').textContent()) ?? '';
      return /All \d+ are sealed\./.test(text) && text;
    });
    assert.deepEqual(await violations(page), []);
    const steps = await page.locator('ol > li strong').allTextContents();
    assert.deepEqual(
      [steps[0], steps.at(-1), steps.filter((step) => step === 'Delivery.').length],
      ['Login.', 'Delivery.', 5],
    );
    for (const event of ['filled', 'session_opened', 'push_attempt_failed', 'push_delivered'])
      assert.ok(followed.includes(event), event);
    assert.match(followed, /Attempt 4, /);
    assert.deepEqual(searchText(await page.content()), []);
    assert.deepEqual(opened.complaints, []);
  } finally {
    await database.end();
  }
});

test('a refused login is found among the newest, with the way to its case; a decision is followed; what nobody knows is not found', async () => {
  const stack = theStack().stack();
  const returnTo = stack.organizations.find(({ slug }) => slug === 'hlf')?.returnTo ?? '';
  const to = { callbackUrl: stack.callbackUrl, organization: 'hlf', provider: 'vipps', returnTo };
  assert.equal((await logIn({ ...to, person: 'hlf-ambiguous' })).status, 'refused');
  await using opened = await openPage();
  const { page } = opened;
  await page.goto(`${stack.appUrl}/follow`);
  assert.deepEqual(await violations(page), []);
  await page.locator('.persons li').first().getByRole('link').click();
  const cases = page.getByRole('link', { name: "The case at the coordinators' desk" });
  assert.match((await cases.getAttribute('href')) ?? '', new RegExp(`^${stack.deskUrl}/cases/[0-9a-f-]{36}$`));
  assert.deepEqual(searchText(await page.content()), []);
  // The one that local-app.ts has settled at the desk.
  const database = new pg.Pool({ connectionString: stack.databaseUrls.auditor, max: 1 });
  const { rows } = await database.query<{ id: string }>(
    `select e.observation_id as id from audit.events as e join audit.events as r on r.conflict_id = e.conflict_id
     where e.event = 'conflict' and r.event = 'case_resolved'`,
  );
  await database.end();
  await page.goto(`${stack.appUrl}/follow/${rows[0]?.id}`);
  const decided = page.locator('ol > li', { hasText: 'case_resolved' });
  assert.match((await decided.textContent()) ?? '', /^Case\. .*by a coordinator \(coordinator\)/s);
  for (const path of ['/follow/00000000-0000-0000-0000-000000000000', '/follow/x', '/follow/session/x']) {
    assert.equal((await fetch(`${stack.appUrl}${path}`)).status, 404, path);
  }
});

test('the clock goes by whole seconds, forward, and not for a page from elsewhere', async () => {
  const { appUrl } = theStack().stack();
  const ask = (seconds: string, headers = {}) =>
    fetch(`${appUrl}/clock`, { method: 'POST', body: new URLSearchParams({ seconds }), headers });
  for (const seconds of ['0', '-60', '1.5', 'x', '']) assert.equal((await ask(seconds)).status, 422, seconds);
  const elsewhere = await ask('60', { 'sec-fetch-site': 'cross-site' });
  assert.doesNotMatch(await elsewhere.text(), /was moved/);
});

/** As the page's form does it. */
async function move(appUrl: string, seconds: number): Promise<void> {
  const answer = await fetch(`${appUrl}/clock`, {
    method: 'POST',
    body: new URLSearchParams({ seconds: String(seconds) }),
  });
  assert.equal(answer.status, 200);
}
