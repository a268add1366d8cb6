import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { one } from '../../support/acting-callback.ts';
import { type OpenPage, openPage } from '../../support/chromium.ts';
import { inCase } from '../../support/in-case.ts';
import { signInBrowser, titleOf } from '../support/browser.ts';
import { type MadeKind, madeKinds, makeCase } from '../support/cases.ts';
import { type OpenDesk, openDesk } from '../support/open-desk.ts';

// Every kind of case and every decision that it offers: settled on its page, without script; looked up in the database and the audit;
// undone there.

let desk: OpenDesk;
let browser: OpenPage;
beforeAll(async () => {
  desk = await openDesk();
  browser = await openPage({ javaScriptEnabled: false, locale: 'nb-NO' });
  await signInBrowser(browser.page, desk);
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await desk?.[Symbol.asyncDispose]();
});

/** What each kind offers; `link_login` stands for one for each candidate. */
const OFFERED: Record<MadeKind, string[]> = {
  mismatch: ['accept_observed', 'keep_existing', 'not_same_person'],
  duplicate: ['keep_existing', 'not_same_person', 'merge_into'],
  ambiguous: ['link_login', 'link_login', 'keep_existing', 'not_same_person'],
  name_mismatch: ['accept_observed', 'keep_existing', 'not_same_person'],
  subject_moved: ['accept_observed', 'keep_existing', 'not_same_person', 'merge_into'],
  inconsistent: ['keep_existing', 'not_same_person'],
  consent_revoked: ['keep_existing'],
  push_failed: ['retry_sync', 'keep_existing'],
  drift: ['retry_sync', 'keep_existing'],
  member_system: ['keep_existing'],
};

const settledRow = (id: string) =>
  one<{ state: string; decision: string; note: string | null; actor: string }>(
    desk.db,
    `select c.state, c.decision, c.note, c.decided_by as actor from registry.conflicts as c where c.id = $1`,
    [id],
  );
const lastEvent = async (id: string) =>
  (await one<{ event: string; actor: string }>(
    desk.db,
    `select event, actor from audit.events where conflict_id = $1 order by id desc limit 1`,
    [id],
  )) ?? {};

/** The page of each member that a case is about, or may be about, leads to it. */
async function assertMembersLeadTo(id: string): Promise<void> {
  const { members } = await one<{ members: string[] }>(
    desk.db,
    'select array_remove(candidates || member_id || other_member_id, null) as members from registry.conflicts where id = $1',
    [id],
  );
  for (const member of members) {
    await browser.page.goto(`${desk.url}/members/${member}`);
    assert.equal(await browser.page.locator(`main a[href="/cases/${id}"]`).count(), 1, `member ${member}`);
  }
}

for (const kind of madeKinds) {
  test(`${kind}: each decision is settled, found in the database and the audit, and undone`, async () => {
    const id = await makeCase(kind, desk);
    const { page } = browser;
    await assertMembersLeadTo(id);
    await page.goto(`${desk.url}/cases/${id}`);
    const values = await page
      .locator('input[name=decision]')
      .evaluateAll((inputs) => inputs.map((input) => input.getAttribute('value') ?? ''));
    assert.deepEqual(
      values.map((value) => value.split(':')[0]),
      OFFERED[kind],
    );
    // What cannot be taken back comes last.
    const undoable = values.filter((value) => value !== 'retry_sync' && kind !== 'push_failed');
    for (const value of [...undoable, ...values.filter((each) => !undoable.includes(each)).slice(0, 1)]) {
      await inCase(value, async () => {
        await page.goto(`${desk.url}/cases/${id}`);
        await page.locator(`input[name=decision][value="${value}"]`).check();
        await page.locator('#note').fill('Spurte medlemmet på telefon.');
        await page.getByRole('button', { name: 'Avgjør saken' }).click();
        if (value === 'merge_into') await page.getByRole('button', { name: 'Ja, slå dem sammen' }).click();
        assert.match(await titleOf(page), /^Avgjort: /);
        assert.equal(await page.locator('#result').textContent(), 'Saken er avgjort');
        const row = await settledRow(id);
        const decision = value.split(':')[0];
        assert.deepEqual([row.state, row.decision], ['resolved', decision]);
        if (decision !== 'retry_sync') assert.equal(row.note, 'Spurte medlemmet på telefon.');
        assert.equal(row.actor, `coordinator:${desk.coordinator.userId}`);
        assert.equal((await lastEvent(id)).actor, row.actor);
        if (decision === 'keep_existing') {
          await assertMembersLeadTo(id);
          await page.goto(`${desk.url}/cases/${id}`);
        }
        if (!undoable.includes(value)) return;
        await page.locator('#note').fill('Det var feil.');
        await page.getByRole('button', { name: 'Angre avgjørelsen' }).click();
        assert.equal(await page.locator('#result').textContent(), 'Avgjørelsen er angret, og saken er åpen igjen');
        assert.equal((await settledRow(id)).state, 'open');
        assert.deepEqual(await lastEvent(id), { event: 'case_reopened', actor: row.actor });
      });
    }
    assert.deepEqual(browser.complaints, []);
  });
}
