import assert from 'node:assert/strict';
import { test } from 'vitest';
import { until } from '../support/until.ts';
import { createStage, sampleNumbers } from './support/stage.ts';

// Standing alone: ids that are random hexadecimal digits may hold eleven decimal ones in a row by chance.
const elevenDigits = /(?<![0-9a-f])[0-9]{6}[\s-]?[0-9]{5}(?![0-9a-f])/;

// UUIDs may hold eleven digits by chance.
const withoutUuids = (text: string) =>
  text.replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'uuid');

test('whatever goes wrong, jobs, pushes, attempts, cases, events and logs hold no number and no secret', async () => {
  await using stage = await createStage();
  stage.work();
  // Those that are tried again come last: on a loaded machine their next attempt comes before the end, and must not succeed.
  const modes = ['reject_422', 'ok', 'error_500', 'too_many', 'down'] as const;
  for (const [at, mode] of modes.entries()) {
    stage.memberSystem.setMode(mode);
    const { pushId } = await stage.addPush({ number: sampleNumbers[at] ?? sampleNumbers[0] });
    await until(`an attempt with ${mode}`, async () => {
      const { rows } = await stage.db.pool.query('select from sync.push_attempts where push_id = $1', [pushId]);
      return rows.length > 0;
    });
  }
  await until('three jobs for another try', async () => (await stage.jobs()).length === 3);

  const tables = [
    'graphile_worker._private_jobs',
    'sync.pushes',
    'sync.push_attempts',
    'registry.conflicts',
    'audit.events',
    'registry.members',
  ];
  for (const table of tables) {
    const { rows } = await stage.db.pool.query<{ row: string }>(`select to_jsonb(t)::text as row from ${table} as t`);
    assert.ok(rows.length > 0, table);
    for (const { row } of rows) assert.doesNotMatch(withoutUuids(row), elevenDigits, table);
  }
  const log = stage.lines.join('');
  assert.doesNotMatch(withoutUuids(log), elevenDigits);
  assert.ok(!log.includes(stage.environment.MEMBER_SYSTEM_NHF_TOKEN));
  assert.doesNotMatch(log, /\/members\//);
  for (const line of stage.lines) JSON.parse(line);
});

test('a job is a task, a key and an id', async () => {
  await using stage = await createStage();
  const { pushId } = await stage.addPush();
  const { rows } = await stage.db.pool.query(
    `select t.identifier as task, j.key, j.payload
       from graphile_worker._private_jobs as j join graphile_worker._private_tasks as t on t.id = j.task_id`,
  );
  assert.deepEqual(rows, [
    { task: 'push_personnummer', key: `push_personnummer:${pushId}`, payload: { push_id: pushId } },
  ]);
});

test('an unusable payload fails with a fixed code and is not quoted', async () => {
  await using stage = await createStage();
  await stage.db.pool.query(`select graphile_worker.add_job('push_personnummer', '{"push_id": "15864590044"}')`);
  stage.work();
  assert.equal((await stage.retryJobNow()).last_error, 'payload_invalid');
  assert.doesNotMatch(withoutUuids(stage.lines.join('')), elevenDigits);
});

test('what the database says stays out of the job', async () => {
  await using stage = await createStage();
  const unknown = '00000000-0000-4000-8000-000000000000';
  await stage.db.pool.query(
    `select graphile_worker.add_job('process_observation', json_build_object('observation_id', $1::text))`,
    [unknown],
  );
  stage.work();
  assert.equal((await stage.retryJobNow()).last_error, 'database_failed');
  assert.match(stage.lines.join(''), /PN004/);
});

test('a database of another version is told from one that does not answer', async () => {
  await using stage = await createStage();
  await stage.db.pool.query(`
    drop function worker.readable_organizations();
    create function worker.readable_organizations() returns table (organization integer) language sql
      set search_path = pg_catalog, pg_temp as 'select 7';
    grant execute on function worker.readable_organizations to sync_worker;
    select graphile_worker.add_job('check_drift')`);
  stage.work();
  assert.equal((await stage.retryJobNow()).last_error, 'database_row_unexpected');
  assert.match(stage.lines.join(''), /expected string, received number/);
});
