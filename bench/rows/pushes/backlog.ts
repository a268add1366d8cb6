import pg from 'pg';
import type { Context } from '../../context.ts';
import type { BenchKeys } from '../../keys.ts';
import { finish, type Row } from '../../row.ts';
import type { Sink } from '../../sink.ts';
import { spreadOf } from '../../statistics.ts';
import { addSite, drainPushes, type Site } from './site.ts';

/**
 * What lies there must not slow what moves: the same pushes in a database where many have failed for good and many wait for later,
 * and in one without them, in turn.
 */
export async function measureBacklog(context: Context, full: Site, keys: BenchKeys, sink: Sink): Promise<Row> {
  const toSmall = (url: string) => url.replace(/\/postgres$/, '/bench_pushes');
  const pool = new pg.Pool({ connectionString: toSmall(context.cluster.url), max: 2 });
  const empty = await addSite(context, keys, sink, pool, toSmall(full.workerUrl));
  await addBacklog(full, context.size.backlog);
  const without: number[] = [];
  const with_: number[] = [];
  for (let round = 0; round < (context.size.name === 'quick' ? 2 : 4); round += 1) {
    for (const each of [empty, full]) await each.pool.query('vacuum analyze');
    // In turn, so that a machine that grows slower or faster meanwhile favours neither.
    for (const site of round % 2 === 0 ? [empty, full] : [full, empty]) {
      const rate = await drainPushes(context, site, keys, sink);
      // In the first round the new database's files are still being made.
      if (round > 0) (site === full ? with_ : without).push(rate);
    }
  }
  await pool.end();
  await full.pool.query('truncate graphile_worker._private_jobs cascade');
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
  // Straight into the table: two hundred thousand calls of add_job in one transaction keep the plan of an empty table.
  await pool.query(
    `insert into graphile_worker._private_jobs (task_id, payload, run_at, max_attempts, attempts, key, flags, last_error)
     select t.id, json_build_object('push_id', p.id), coalesce(p.next_attempt_at, now()), 25, case p.state when 'rejected' then 25 else 0 end,
       'push_personnummer:' || p.id, jsonb_build_object('org:' || p.organization_id, true), case p.state when 'rejected' then 'http_4xx' end
     from sync.pushes as p join graphile_worker._private_tasks as t on t.identifier = 'push_personnummer'
     where p.organization_id = $1 and (p.state = 'pending' or p.error_code = 'http_4xx')`,
    [organization.id],
  );
}
