import pg from 'pg';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { finish, type Row } from '../row.ts';
import type { Sink } from '../sink.ts';
import { spreadOf } from '../statistics.ts';
import { addSite, drainPushes, type Site } from './pushes.ts';

/**
 * What lies there must not slow what moves: the same pushes in a database where many have failed for good and many wait for later,
 * and in one without them, in turn.
 */
export async function measureBacklog(context: Context, full: Site, keys: BenchKeys, sink: Sink): Promise<Row> {
  const toSmall = (url: string) => url.replace(/\/postgres$/, '/bench_small');
  const pool = new pg.Pool({ connectionString: toSmall(context.cluster.url), max: 2 });
  const empty = await addSite(context, keys, sink, pool, toSmall(full.workerUrl));
  await addBacklog(full, context.size.backlog);
  const without: number[] = [];
  const with_: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    for (const each of [empty, full]) await each.pool.query('vacuum analyze');
    // In turn, so that a machine that grows slower or faster meanwhile favours neither.
    for (const site of round % 2 === 0 ? [empty, full] : [full, empty]) {
      const rate = await drainPushes(context, site, keys, sink);
      // In the first round the new database's files are still being made.
      if (round > 0) (site === full ? with_ : without).push(rate);
    }
  }
  await pool.end();
  const count = context.size.backlog.toLocaleString('en');
  return finish({
    id: 'pushes-beside-backlog',
    what: 'pushes per second beside many that failed or wait for later, over none',
    unit: 'ratio',
    value: spreadOf(with_.map((rate, at) => rate / (without[at] as number))),
    bar: { at: 'least', value: 0.9 },
    sides: [
      { name: 'without', unit: '/s', figure: spreadOf(without) },
      { name: 'with', unit: '/s', figure: spreadOf(with_) },
    ],
    note: `${count} pushes of the same organisation refused for good, each with a used-up job left in the queue, and ${count} due tomorrow, each with its job.`,
  });
}

async function addBacklog({ pool, organization }: Site, count: number): Promise<void> {
  await pool.query(
    `insert into registry.members (organization_id, external_id) select $1, 'later' || n from generate_series(1, $2::int) as n`,
    [organization.id, count],
  );
  await pool.query(
    `insert into sync.pushes (organization_id, member_id, state, attempts, next_attempt_at, error_code, http_status, settled_at)
     select m.organization_id, m.id, s.state, 1, case s.state when 'pending' then now() + interval '1 day' end,
       case s.state when 'rejected' then 'http_4xx' end, case s.state when 'rejected' then 422 end,
       case s.state when 'rejected' then now() end
     from registry.members as m cross join unnest(array['rejected', 'pending']::sync.push_state[]) as s(state)
     where m.organization_id = $1 and m.external_id like 'later%'`,
    [organization.id],
  );
  await pool.query(
    `select graphile_worker.add_job('push_personnummer', json_build_object('push_id', p.id), job_key => 'push_personnummer:' || p.id,
       run_at => p.next_attempt_at, max_attempts => 25, flags => array['org:' || p.organization_id])
     from sync.pushes as p where p.organization_id = $1 and (p.state = 'pending' or p.error_code = 'http_4xx')`,
    [organization.id],
  );
  await pool.query(
    `update graphile_worker._private_jobs as j set attempts = j.max_attempts, last_error = 'http_4xx'
     from sync.pushes as p where j.key = 'push_personnummer:' || p.id and p.state = 'rejected'`,
  );
}
