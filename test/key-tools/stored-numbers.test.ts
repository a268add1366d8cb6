import assert from 'node:assert/strict';
import { test } from 'vitest';
import { runCreate } from '../../key-tools/run-create.ts';
import { runRotate } from '../../key-tools/run-rotate.ts';
import { createIndexer } from '../../personnummer/blind-index.ts';
import { parsePrivateKeys, parsePublicKeys, parseSecrets } from '../../personnummer/keys.ts';
import { createSealer } from '../../personnummer/seal.ts';
import type { RunningWorker } from '../../worker/create-worker.ts';
import { actAsCallback, one } from '../support/acting-callback.ts';
import { addMember, asPersonnummer, syntheticNumber } from '../support/samples.ts';
import { until } from '../support/until.ts';
import { createStage } from '../worker/support/stage.ts';

// Sealing key and index secret turn over while people log in. Every login is one that only the number can find: a new login, no phone, no
// e-mail address, no birth date. One that missed its member would be 'unlinked'.

type Variables = Record<string, string>;

/** A command with these variables: its exit code, the variables it prints, and what it explains. */
async function command(run: typeof runRotate, words: string[], variables: Variables) {
  const printed: Variables = {};
  const explained: string[] = [];
  const set = (variable: string, value: string) => {
    printed[variable] = value;
  };
  const code = await run(
    words,
    { DEPLOYMENT: 'test', ...variables },
    { say: () => undefined, set, explain: (text) => explained.push(text) },
  );
  return { code, printed, said: explained.join('\n') };
}

const create = (kind: string) => command((words, _, terminal) => runCreate(words, terminal), [kind], {});

/** What a callback makes of a number, with the variables it was started with. */
function callbackWith({ PERSONNUMMER_SEALING_KEYS = '', PERSONNUMMER_INDEX_SECRETS = '' }: Variables) {
  const sealer = createSealer(parsePublicKeys(PERSONNUMMER_SEALING_KEYS).keys);
  const indexer = createIndexer(parseSecrets(PERSONNUMMER_INDEX_SECRETS).secrets);
  return async (number: string, organizationId: string) => {
    const personnummer = asPersonnummer(number);
    const [personnummer_index, ...personnummer_index_previous] = indexer.indexes(personnummer, organizationId);
    return {
      ...{ personnummer_index, personnummer_index_previous, personnummer_masked: personnummer.masked() },
      personnummer_sealed: await sealer.seal(personnummer),
    };
  };
}

test('both turn over while people log in: nobody is missed, every change arrives, and the old keys are needed by nothing', async () => {
  await using stage = await createStage();
  const { db } = stage;
  let variables: Variables = {
    ...(await create('sealing')).printed,
    ...(await create('index')).printed,
    DATABASE_URL: db.migratorUrl,
  };
  const callback = await actAsCallback(db);
  const { organization } = callback;
  await db.pool.query(
    `update sync.member_systems set (url_template, auth, secret_env) = (select url_template, auth, secret_env from sync.member_systems
       where organization_id = $1) where organization_id = $2`,
    [stage.organizationId, organization.id],
  );

  // Two callbacks and a worker. Each is restarted by itself, so that for a time they do not know the same.
  const callbacks = [callbackWith(variables), callbackWith(variables)];
  let worker: RunningWorker | undefined;
  async function restartWorker() {
    await worker?.stop();
    worker = stage.work({
      unsealingKeys: parsePrivateKeys(variables.PERSONNUMMER_UNSEALING_KEYS ?? '').keys,
      indexSecrets: parseSecrets(variables.PERSONNUMMER_INDEX_SECRETS ?? '').secrets,
    });
  }
  await restartWorker();

  const people = Array.from({ length: 30 }, (_, nth) => ({
    number: syntheticNumber('1950-03-08', nth),
    name: {
      given_name: `Kari${String.fromCharCode(97 + (nth % 26))}`,
      family_name: `Nord${String.fromCharCode(97 + (nth % 26))}mann`,
    },
  }));
  for (const { number, name } of people) {
    const { personnummer_index_previous: _, ...forms } = await callbackWith(variables)(number, organization.id);
    await addMember(db, organization, { ...name, ...forms });
  }
  const nobody = { phone: null, email: null, birth_date: null, phone_verified: false, email_verified: false };
  let nth = 0;
  let filled = 0;
  const outcomes: string[] = [];
  /** Somebody's new login through one of the callbacks. */
  async function logIn(): Promise<void> {
    const mine = ++nth;
    const { number, name } = people[mine % people.length] as (typeof people)[number];
    const forms = await callbacks[mine % 2]?.(number, organization.id);
    outcomes.push((await callback.login({ subject: `login-${mine}`, ...nobody, ...name, ...forms })).outcome);
  }
  /** Members whose record is empty, found by phone: their numbers are filled, and pushed. */
  async function fill(): Promise<void> {
    const mine = ++filled;
    const phone = `+479120000${mine}`;
    const name = { given_name: 'Ola', family_name: 'Berg', birth_date: '1960-05-05', phone };
    await addMember(db, organization, name);
    const forms = await callbacks[mine % 2]?.(syntheticNumber('1960-05-05', mine), organization.id);
    const login = { subject: `filling-${mine}`, ...nobody, ...name, phone_verified: true, ...forms };
    assert.equal((await callback.login(login)).outcome, 'filled');
  }
  const stopping = new AbortController();
  const load = (async () => {
    while (!stopping.signal.aborted) await Promise.all([logIn(), logIn()]);
  })();
  await using _ = {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await load;
    },
  };

  /** Everybody is restarted with the variables, one after the other, while people log in. */
  async function rollOut(next: Variables, ...order: ('callbacks' | 'worker')[]): Promise<void> {
    variables = { ...variables, ...next };
    for (const what of order) {
      if (what === 'worker') await restartWorker();
      for (const at of what === 'callbacks' ? [0, 1] : []) {
        callbacks[at] = callbackWith(variables);
        await fill();
        await logIn();
      }
    }
  }
  const rotate = (...words: string[]) => command(runRotate, words, variables);
  for (const [kind, order] of [
    ['sealing', ['worker', 'callbacks']],
    ['index', ['callbacks', 'worker']],
  ] as const) {
    const variable = kind === 'sealing' ? 'PERSONNUMMER_UNSEALING_KEYS' : 'PERSONNUMMER_INDEX_SECRETS';
    assert.match((await rotate(kind, 'use')).said, /rotation_not_begun/);
    assert.match((await rotate(kind, 'renew')).said, /rotation_not_begun/);
    const known = await rotate(kind, 'know');
    assert.equal(known.code, 0, known.said);
    await rollOut(known.printed, ...order);
    assert.match((await rotate(kind, 'know')).said, /rotation_under_way/);
    if (kind === 'index') assert.match((await rotate(kind, 'finish')).said, /key_still_needed/);
    const used = await rotate(kind, 'use');
    assert.equal(used.code, 0, used.said);
    await rollOut(used.printed, ...order);
    assert.match((await rotate(kind, 'use')).said, /key_in_use_already/);
    const early = await rotate(kind, 'finish');
    assert.deepEqual([early.code, early.printed], [1, {}]);
    assert.match(early.said, /key_still_needed: \S+ is still needed by .*\d+ rows of registry\.members/);
    assert.match(
      (await rotate(kind)).said,
      /the new key stands first[\s\S]*stored numbers, by key:[\s\S]*is still needed/,
    );

    const began = await rotate(kind, 'renew');
    assert.equal(began.code, 0, began.said);
    // Stopped in the middle, it goes on where it was.
    await restartWorker();
    await until(`nothing needs the old ${kind} key`, async () => {
      await stage.dueNow();
      return (await rotate(kind)).said.includes('nothing needs');
    });
    const finished = await rotate(kind, 'finish');
    assert.equal(finished.code, 0, finished.said);
    assert.notEqual(finished.printed[variable], variables[variable]);
    await rollOut(finished.printed, ...order);
  }
  stopping.abort();
  await load;

  assert.deepEqual([...new Set(outcomes)], ['confirmed'], 'no login missed its member');
  assert.ok(outcomes.length > 50, `${outcomes.length} logins`);
  await until('every push is delivered', async () => {
    await stage.dueNow();
    return (
      (
        await one<{ n: number }>(
          db,
          `select count(*)::int as n from sync.pushes where state not in ('delivered', 'superseded')`,
        )
      ).n === 0
    );
  });
  const { rows } = await db.pool.query(
    `select count(*)::int as cases, (select count(*)::int from registry.observations) as logins from registry.conflicts`,
  );
  assert.deepEqual(rows, [{ cases: 0, logins: outcomes.length + filled }]);
  const keys = await db.pool.query('select distinct kind, key from private.keys_in_use() order by 1');
  assert.deepEqual(
    keys.rows.map(({ kind, key }) => (kind === 'index' ? key : kind)),
    ['v2', 'sealed'],
  );
  const renewed = await db.pool.query(`select from audit.events where event = 'index_renewed' and source = 'worker'`);
  assert.ok((renewed.rowCount ?? 0) > 0);
});
