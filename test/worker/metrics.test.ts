import assert from 'node:assert/strict';
import { test } from 'vitest';
import { until } from '../support/until.ts';
import { createStage, sampleNumbers } from './support/stage.ts';

test('the metrics say how changes stand, by organisation, and hold nothing of a person', async () => {
  await using stage = await createStage();
  const { pushId } = await stage.addPush();
  const worker = stage.work();
  await stage.reaches(pushId, 'delivered');
  stage.memberSystem.setMode('error_500');
  const waiting = await stage.addPush({ number: sampleNumbers[1] });
  await stage.reaches(waiting.pushId, 'pending', 'http_5xx');
  await stage.db.pool.query(
    `update sync.pushes set created_at = now() - interval '90 seconds' where settled_at is null`,
  );
  // No probe comes meanwhile: it would be another attempt.
  await stage.db.pool.query(
    `insert into sync.breakers (organization_id, state, error_code, opened_at, probe_at)
     values ($1, 'open', 'http_401', now(), now() + interval '1 hour') on conflict (organization_id)
     do update set state = 'open', error_code = 'http_401', opened_at = now(), probe_at = now() + interval '1 hour'`,
    [stage.organizationId],
  );
  const attempted = /worker_push_attempts_total\{organization="nhf",result="retry",error_code="http_5xx"\} 1\n/;
  const text = await until('the attempt counted', async () => {
    const now = await worker.metrics.text();
    return attempted.test(now) && now;
  });
  const value = (name: string) =>
    Number(new RegExp(`^worker_${name}\\{organization="nhf"\\} (.+)$`, 'm').exec(text)?.[1]);
  assert.match(text, /worker_push_attempts_total\{organization="nhf",result="delivered",error_code=""\} 1\n/);
  assert.deepEqual(
    ['pushes_waiting', 'pushes_sending', 'pushes_refused', 'pushes_given_up', 'breaker_open'].map(value),
    [1, 0, 0, 0, 1],
  );
  assert.ok(value('pushes_oldest_waiting_seconds') >= 90);
  assert.match(text, /worker_push_attempt_duration_seconds_count\{organization="nhf"\} 2\n/);
  assert.match(text, /process_cpu_seconds_total/);
  assert.doesNotMatch(text, /m-[0-9a-f]{8}|[0-9a-f]{8}-[0-9a-f]{4}-/);
});

test('logins whose decision was put off and that never settle are counted, with the age of the oldest', async () => {
  await using stage = await createStage();
  for (const age of ['2 hours', '5 minutes']) {
    await stage.db.pool.query(
      `insert into registry.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, outcome,
         deferred_sqlstate, received_at, absent_reason)
       values (gen_random_uuid(), $1, 'vipps', 'vipps-login', 'https://provider.example/', 's', now(), 'deferred', '55P03',
         now() - $2::interval, 'not_given')`,
      [stage.organizationId, age],
    );
  }
  const text = await stage.work().metrics.text();
  assert.match(text, /^worker_logins_deferred\{organization="nhf"\} 2$/m);
  assert.match(text, /^worker_oldest_deferred_seconds\{organization="nhf"\} 720\d$/m);
});
