import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { atTheDesk, type Desk, record } from '../support/desk.ts';
import { revoke } from '../support/revoke.ts';
import { sampleNumbers } from '../support/samples.ts';

// A login is a new consent. Whether a message that consent was withdrawn is newer than a login is asked on a clock that both share.

const [NUMBER] = sampleNumbers;
const seconds = (n: number) => new Date(Date.now() + n * 1_000);

const mark = async ({ db }: Desk) => (await one(db, 'select revoked_at from registry.identity_links')).revoked_at;
const pushes = async ({ db }: Desk) =>
  (await db.pool.query('select state from sync.pushes order by created_at, id')).rows.map(({ state }) => state);

test('a fresh consent with an old single sign-on stands: by the number that comes, and by the push that goes out', () =>
  atTheDesk(async (desk) => {
    const kari = await addKari(desk.db, desk.callback);
    await desk.callback.login({ personnummer: NUMBER, authenticated_at: seconds(-3600), issued_at: seconds(-2) });
    await revoke(desk.callback, seconds(0));
    assert.deepEqual(await pushes(desk), ['cancelled']);
    const back = { personnummer: NUMBER, authenticated_at: seconds(-3600), issued_at: seconds(0) };
    assert.equal((await desk.callback.login(back)).outcome, 'confirmed');
    assert.equal(await mark(desk), null);
    assert.deepEqual(await pushes(desk), ['cancelled', 'pending']);
    assert.ok((await record(desk.db, kari.id)).personnummer_masked);
  }));

test('a fresh consent with an old single sign-on stands also where the login is not known yet', () =>
  atTheDesk(async (desk) => {
    await addKari(desk.db, desk.callback);
    await revoke(desk.callback, seconds(-5));
    const login = await desk.callback.login({
      personnummer: NUMBER,
      authenticated_at: seconds(-3600),
      issued_at: seconds(0),
    });
    assert.equal(login.outcome, 'filled');
  }));

for (const [known, tokens] of [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
]) {
  test(`a message dated ahead voids no login after it (${known ? 'known' : 'first'} login, ${tokens ? 'with' : 'without'} ID token)`, () =>
    atTheDesk(async (desk) => {
      await addKari(desk.db, desk.callback);
      if (known) await desk.callback.login({ absent_reason: 'not_given' });
      await revoke(desk.callback, seconds(55));
      const later = { personnummer: NUMBER, ...(tokens ? { issued_at: seconds(0) } : {}) };
      assert.equal((await desk.callback.login(later)).outcome, 'filled');
      assert.deepEqual(await pushes(desk), ['pending']);
      assert.equal(await mark(desk), null);
    }));
}

test('a message that was long on its way does not void the login that came since it was written', () =>
  atTheDesk(async (desk) => {
    await addKari(desk.db, desk.callback);
    // The provider's clock is slow by a minute, which neither of its two times can show; the single sign-on is an hour old.
    await desk.callback.login({ personnummer: NUMBER, authenticated_at: seconds(-3600), issued_at: seconds(-60) });
    await revoke(desk.callback, seconds(-70));
    assert.deepEqual(await pushes(desk), ['pending']);
    assert.equal(await mark(desk), null);
  }));

test('a message that was written after the login voids it, also where the provider’s clock is slow', () =>
  atTheDesk(async (desk) => {
    await addKari(desk.db, desk.callback);
    await desk.callback.login({ personnummer: NUMBER, authenticated_at: seconds(-60), issued_at: seconds(-60) });
    await revoke(desk.callback, seconds(-55));
    assert.deepEqual(await pushes(desk), ['cancelled']);
    assert.ok(Math.abs((await mark(desk)).getTime() - Date.now()) < 10_000, 'marked by our own clock');
  }));

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

test('whatever the clocks and however long a message takes: it voids the logins before it and none after it', async () => {
  const ms = (most: number) => fc.integer({ min: 0, max: most });
  const event = fc.record({
    // In true time. Two things within the second that the provider's times are rounded to, or the moment between a token and its
    // arrival here, have no order that anybody could find out.
    login: ms(3_600_000),
    withdrawn: ms(3_600_000),
    tokenTakes: ms(1_000),
    messageTakes: ms(300_000),
    singleSignOn: ms(36_000_000),
    providerIsAhead: fc.integer({ min: -55_000, max: 55_000 }),
    dated: fc.integer({ min: 0, max: 55_000 }),
    hasToken: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(event, async (e) => {
      fc.pre(Math.abs(e.login - e.withdrawn) > 2_000);
      // Without a token nothing but our own clock is left, so the message must not be late, nor the clocks differ.
      const [skew, delay] = e.hasToken ? [e.providerIsAhead, e.messageTakes] : [0, e.messageTakes % 1_000];
      // Only a message that is here before the login can be told by our clock to be dated ahead.
      const dated = e.withdrawn + delay < e.login ? e.dated : 0;
      const at = (time: number) => new Date(Date.UTC(2026, 10, 1) + time);
      const whole = (time: Date) => new Date(Math.floor(time.getTime() / 1_000) * 1_000);
      const { rows } = await db.pool.query(
        `select private.withdraws(
           jsonb_populate_record(null::registry.revocations, $1), jsonb_populate_record(null::registry.observations, $2)) as withdrawn`,
        [
          {
            event: 'CONSENT_REVOKED',
            late: false,
            issued_at: whole(at(e.withdrawn + skew + dated)),
            received_at: at(e.withdrawn + delay),
          },
          {
            authenticated_at: at(e.login + skew - e.singleSignOn),
            issued_at: e.hasToken ? whole(at(e.login + skew)) : null,
            received_at: at(e.login + e.tokenTakes),
          },
        ],
      );
      assert.equal(rows[0].withdrawn, e.withdrawn > e.login);
    }),
    { numRuns: 500 },
  );
});

test('a login decided late: a message of before it does not void it, one of after it does', () =>
  atTheDesk(async (desk) => {
    const kari = await addKari(desk.db, desk.callback);
    const deferred = async () => {
      await desk.db.pool.query('alter function private.judge_number rename to judge_gone');
      const { observation_id, outcome } = await desk.callback.login({
        personnummer: NUMBER,
        authenticated_at: seconds(-3600),
        issued_at: seconds(-1),
      });
      assert.equal(outcome, 'deferred');
      await desk.db.pool.query('alter function private.judge_gone rename to judge_number');
      return observation_id;
    };
    const decide = async (id: string) =>
      (await desk.db.pool.query('select outcome from worker.process_observation($1)', [id])).rows[0].outcome;
    const first = await deferred();
    await revoke(desk.callback, seconds(-30));
    assert.equal(await decide(first), 'filled', 'it was written before the login');
    await desk.db.pool.query(
      `update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
         personnummer_source = null, personnummer_at = null`,
    );
    const second = await deferred();
    await revoke(desk.callback, seconds(0));
    assert.equal(await decide(second), 'absent');
    assert.equal((await record(desk.db, kari.id)).personnummer_masked, null);
    assert.ok(await mark(desk), 'nor does it take the mark away');
  }));
