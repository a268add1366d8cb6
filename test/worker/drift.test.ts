import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { readPointer } from '../../worker/drift.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { until } from '../support/until.ts';
import { json, listen } from './support/listen.ts';
import { createStage, type Stage, sampleNumbers } from './support/stage.ts';

/** A member system that can be read, and whose members a person changes. */
async function readableSystem() {
  const people = new Map<string, unknown>();
  const requests: string[] = [];
  const server = await listen((request, response) => {
    requests.push(
      `${request.method} ${request.url} ${request.headers.authorization === undefined ? 'open' : 'authorised'}`,
    );
    const id = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
    if (!people.has(id)) return json(response, 404, {});
    return json(response, 200, { person: { nin: people.get(id) } });
  });
  return { ...server, people, requests };
}

async function stageWith(url: string) {
  const stage = await createStage();
  await stage.changeRow({ read_url_template: `${url}/people/{external_id}`, read_pointer: '/person/nin' });
  return stage;
}

/** Delivers a number for each name, so that record and member system agree. */
async function deliver(stage: Stage, names: string[]) {
  const worker = stage.work();
  const pushes = await Promise.all(
    names.map((externalId, at) => stage.addPush({ externalId, number: sampleNumbers[at] ?? '' })),
  );
  for (const { pushId } of pushes) await stage.reaches(pushId, 'delivered');
  return { worker, pushes };
}

const compareNow = async (stage: Stage) => {
  await stage.db.pool.query(`select graphile_worker.add_job('check_drift')`);
  const done = () => stage.lines.filter((line) => line.includes('compared with the member system')).length;
  const before = done();
  await until('the comparison', async () => done() > before + 1);
};

const openCases = async ({ db }: Stage) =>
  (
    await db.pool.query(
      `select m.external_id as id, c.detail ->> 'found' as found, c.detail ->> 'live_masked' as live, c.detail ->> 'as_sent' as as_sent
       from registry.conflicts c join registry.members m on m.id = c.member_id
       where c.kind = 'drift' and c.state = 'open' order by 1`,
    )
  ).rows;

test('what a person changed over there is a case, once; what agrees is none, and what agrees again closes it', async () => {
  await using system = await readableSystem();
  await using stage = await stageWith(system.url);
  const names = ['changed', 'removed', 'gone', 'odd', 'spaced'];
  await deliver(stage, names);
  const [, , , , last = ''] = sampleNumbers;
  system.people.set('changed', '24929948099');
  system.people.set('removed', null);
  system.people.set('odd', 18_836_922_235);
  system.people.set('spaced', `${last.slice(0, 6)} ${last.slice(6)}`);
  await compareNow(stage);
  assert.deepEqual(await openCases(stage), [
    { id: 'changed', found: 'another', live: '249299*****', as_sent: 'false' },
    { id: 'gone', found: 'missing', live: null, as_sent: 'false' },
    { id: 'odd', found: 'unreadable', live: null, as_sent: 'false' },
    { id: 'removed', found: 'none', live: null, as_sent: 'false' },
  ]);
  assert.ok(system.requests.every((line) => /^GET \/people\/[a-z]+ authorised$/.test(line)));

  system.people.set('removed', sampleNumbers[1]);
  await compareNow(stage);
  assert.deepEqual(
    (await openCases(stage)).map(({ id }) => id),
    ['changed', 'gone', 'odd'],
  );
  const { rows } = await stage.db.pool.query(`select event from audit.events where event = 'drift_found'`);
  assert.equal(rows.length, 4, 'the second night says nothing new');
  assert.doesNotMatch(stage.lines.join(''), /24929948099|18836922235/);
});

test('a coordinator leaves theirs as it is, or has ours sent again', async () => {
  await using system = await readableSystem();
  await using stage = await stageWith(system.url);
  const { pushes } = await deliver(stage, ['left', 'sent']);
  system.people.set('left', '24929948099');
  system.people.set('sent', null);
  await compareNow(stage);
  const coordinator = await becomeCoordinator(stage.db, { id: stage.organizationId });
  const cases = await coordinator.query<Record<string, unknown>>(
    'select id, push_id, version, member_external_id as name from api.open_conflicts order by member_external_id',
  );
  const [left, sent] = cases;
  await coordinator.call('resolve_conflict', left?.id, 'keep_existing', null, left?.version);
  assert.equal(sent?.push_id, pushes[1]?.pushId);
  const answer = await coordinator.call('retry_sync', null, null, null, sent?.id);
  await stage.reaches(String(answer.push_id), 'delivered');
  assert.equal((await coordinator.call('retry_sync', pushes[0]?.pushId)).code, 'not_failed');
  system.people.set('sent', sampleNumbers[1]);
  await compareNow(stage);
  assert.deepEqual(await openCases(stage), [], 'the decision is remembered');
});

test('an imported number was never sent: a coordinator has it sent from the case', async () => {
  await using system = await readableSystem();
  await using stage = await stageWith(system.url);
  stage.work();
  await stage.addRecord({ externalId: 'imported' });
  await compareNow(stage);
  const coordinator = await becomeCoordinator(stage.db, { id: stage.organizationId });
  const stranger = await becomeCoordinator(stage.db);
  const [found] = await coordinator.query<Record<string, unknown>>(
    'select id, push_id, version from api.open_conflicts',
  );
  assert.equal(found?.push_id, null);
  const retry = (who: typeof coordinator) => who.call('retry_sync', null, null, null, found?.id);
  assert.equal((await retry(stranger)).code, 'not_found');
  const answer = await retry(coordinator);
  await stage.reaches(String(answer.push_id), 'delivered');
  assert.deepEqual(await openCases(stage), []);
  assert.equal((await retry(coordinator)).code, 'not_open');
});

test('what is on its way is not compared, and a record that changes meanwhile is left for the next time', async () => {
  await using system = await readableSystem();
  await using stage = await stageWith(system.url);
  const { worker } = await deliver(stage, ['one']);
  await worker.stop();
  const [row] = (await stage.db.pool.query(`select * from worker.drift_page('nhf', null, 10)`)).rows;
  assert.equal(row.external_id, 'one');
  await stage.db.pool.query('select private.queue_push($1)', [row.member_id]);
  assert.equal((await stage.db.pool.query(`select from worker.drift_page('nhf', null, 10)`)).rowCount, 0);
  const { rows } = await stage.db.pool.query(`select worker.report_drift($1, $2, 'none', null, null, false) as news`, [
    row.member_id,
    row.personnummer_index,
  ]);
  assert.deepEqual([rows[0].news, await openCases(stage)], [false, []]);
});

test('the program compares everything and says how much agrees', async () => {
  await using system = await readableSystem();
  await using stage = await stageWith(system.url);
  await deliver(stage, ['same', 'other', 'gone']);
  system.people.set('same', sampleNumbers[0]);
  system.people.set('other', sampleNumbers[0]);
  const program = fileURLToPath(new URL('../../worker/check-drift.ts', import.meta.url));
  const run = (...words: string[]) =>
    new Promise<{ code: number; output: string }>((done) => {
      const child = execFile(process.execPath, [program, ...words], { env: stage.environment }, (_, out, err) =>
        done({ code: child.exitCode ?? -1, output: out + err }),
      );
    });
  const { code, output } = await run('--organization', 'nhf');
  assert.equal(code, 0, output);
  const counts = Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/)),
  );
  assert.deepEqual(counts, { same: '1', another: '1', none: '0', missing: '1', unreadable: '0', failed: '0' });
  assert.equal((await openCases(stage)).length, 2);
  await stage.changeRow({ read_url_template: null });
  assert.equal((await run('--organization', 'nhf')).code, 1);
});

test('a member system that cannot be read is left in peace after a few tries', async () => {
  let requests = 0;
  await using server = await listen((_, response) => {
    requests += 1;
    json(response, 500, {});
  });
  await using stage = await stageWith(server.url);
  const names = Array.from({ length: 5 }, (_, nth) => `m${nth}`);
  await deliver(stage, names);
  await stage.db.pool.query(`select graphile_worker.add_job('check_drift')`);
  await until('the failure', async () => (await stage.jobs()).some(({ last_error }) => last_error === 'http_5xx'));
  assert.equal(requests, 5);
  assert.deepEqual(await openCases(stage), []);
});

const document = { a: { 'b/c': [1, { d: 'x' }], '~': 2 }, '': 3 };
for (const [pointer, value] of [
  ['', document],
  ['/a/b~1c/1/d', 'x'],
  ['/a/~0', 2],
  ['/', 3],
  ['/a/none/x', undefined],
  ['/a/constructor', undefined],
  ['/a/b~1c/length/x', undefined],
] as const) {
  test(`the JSON pointer "${pointer}" is followed`, () => assert.deepEqual(readPointer(document, pointer), value));
}
