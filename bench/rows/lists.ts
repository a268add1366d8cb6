import pg from 'pg';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { addListed } from '../listed.ts';
import { addCoordinator, askPostgrest, openPostgrest, signToken } from '../postgrest.ts';
import { finish, type Row } from '../row.ts';
import { quantile, type Spread, spreadOf } from '../statistics.ts';
import type { GrowthWorld } from './growth.ts';

const MOST_MS = 50;
const ASKED_A_ROUND = 30;

type Ask = () => Promise<unknown>;

/** Every list and every search of coordinators at size, in the orders and filters that docs/for-coordinators.md names; and what counting costs. */
export async function measureLists(context: Context, world: GrowthWorld, keys: BenchKeys): Promise<Row[]> {
  const { cluster, size } = context;
  await addListed(context, world.organization);
  const seconds = await countFigures(context);
  const postgrest = await openPostgrest(cluster, keys, 'lists');
  try {
    const token = await signToken(keys, 'authenticated', await addCoordinator(cluster.pool, world.organization));
    const rows: Row[] = [];
    const among = `${world.members.toLocaleString('en')} members, ${size.listed.events.toLocaleString('en')} events`;
    for (const [name, requests] of Object.entries(await chooseRequests(context, world, postgrest.url, token))) {
      rows.push(await measureRequests(context, `${name}, ${among}`, name, requests));
    }
    rows.push(
      finish({
        id: 'count-figures',
        what: `counting every figure, ${among}, in the background`,
        unit: 's',
        value: spreadOf(seconds),
        bar: null,
        sides: [],
        note: 'The worker counts again after fifty times as long, so it takes at most two percent of a core.',
      }),
    );
    return rows;
  } finally {
    await postgrest.stop();
  }
}

/** The first count goes back to the first login; those after it are what the worker does every minute. */
async function countFigures({ cluster, size }: Context): Promise<number[]> {
  const worker = new pg.Client({ connectionString: cluster.urls.sync_worker });
  await worker.connect();
  const times: number[] = [];
  for (let round = 0; round <= size.rounds; round += 1) {
    await cluster.pool.query(`update registry.figures set counted_at = '2000-01-01'`);
    const begun = performance.now();
    const { rows } = await worker.query<{ organizations: number }>('select worker.count_figures() as organizations');
    if (rows[0]?.organizations === 0) throw new Error('nothing was counted');
    times.push((performance.now() - begun) / 1000);
  }
  await worker.end();
  return times.slice(1);
}

/** By list: every request that is usual for it, by a name. */
async function chooseRequests(
  { cluster, size }: Context,
  { organization }: GrowthWorld,
  url: string,
  token: string,
): Promise<Record<string, Record<string, Ask>>> {
  const read = (path: string) => () => askPostgrest(`${url}/${path}`, token);
  // As the superuser: nobody pages so far by counting rows, and it may take longer than a coordinator's request.
  const rowAt = async (list: string, order: string, offset: number) => {
    const text = `select to_jsonb(l) as row from api.${list} as l order by ${order} limit 1 offset $1`;
    const { rows } = await cluster.pool.query<{ row: Record<string, string> }>(text, [offset]);
    return rows[0]?.row ?? {};
  };
  /** The page after a row that is not among the first: from its time on, without those of the same time that come before it. */
  const after = async (list: string, [time, id]: [string, string], offset: number) => {
    const row = await rowAt(list, `${time} desc, ${id} desc`, offset);
    const at = encodeURIComponent(row[time] ?? '');
    return `${list}?${time}=lte.${at}&or=(${time}.lt.${at},${id}.lt.${row[id]})&order=${time}.desc,${id}.desc&limit=50`;
  };
  const find = (query: string) => () => askPostgrest(`${url}/rpc/find_members`, token, { query });
  const { rows } = await cluster.pool.query<{ id: string; external_id: string; phone: string; email: string }>(
    'select id, external_id, phone, email from registry.members where organization_id = $1 and external_id = $2',
    [organization.id, 'i777'],
  );
  const member = rows[0] ?? { id: '', external_id: '', phone: '', email: '' };
  const newest = 'order=created_at.desc,id.desc&limit=50';
  const conflict = (await rowAt('open_conflicts', 'opened_at,id', 0)).id;
  const login = (await rowAt('unlinked_logins', 'received_at desc, observation_id desc', 0)).observation_id;
  return {
    open_conflicts: {
      'oldest first': read('open_conflicts?order=opened_at,id&limit=50'),
      'newest first': read('open_conflicts?order=opened_at.desc,id.desc&limit=50'),
      'of a kind': read('open_conflicts?kind=eq.mismatch&order=opened_at,id&limit=50'),
      'of a rare kind': read('open_conflicts?kind=eq.member_system&order=opened_at,id&limit=50'),
      'that nobody has taken': read(
        'open_conflicts?assigned_to=is.null&postponed_until=is.null&order=opened_at,id&limit=50',
      ),
      'of a member': read(`open_conflicts?member_id=eq.${member.id}&order=opened_at,id`),
      'a later page': read(await after('open_conflicts', ['opened_at', 'id'], (size.openCases[1] as number) / 2)),
    },
    settled_conflicts: {
      'newest first': read('settled_conflicts?order=settled_at.desc,id.desc&limit=50'),
      'of a kind': read('settled_conflicts?kind=eq.duplicate&order=settled_at.desc,id.desc&limit=50'),
      'of a decision': read('settled_conflicts?decision=eq.accept_observed&order=settled_at.desc,id.desc&limit=50'),
      'a later page': read(await after('settled_conflicts', ['settled_at', 'id'], size.listed.settled / 2)),
    },
    unlinked_logins: {
      'newest first': read('unlinked_logins?order=received_at.desc,observation_id.desc&limit=50'),
      'of an outcome': read(
        'unlinked_logins?outcome=eq.name_mismatch&order=received_at.desc,observation_id.desc&limit=50',
      ),
      'a later page': read(await after('unlinked_logins', ['received_at', 'observation_id'], size.listed.unlinked / 2)),
    },
    member_history: {
      'newest first': read('member_history?order=occurred_at.desc,event_id.desc&limit=50'),
      'of an event': read('member_history?event=eq.filled&order=occurred_at.desc,event_id.desc&limit=50'),
      'of a rare event': read('member_history?event=eq.members_merged&order=occurred_at.desc,event_id.desc&limit=50'),
      'of a member': read(`member_history?member_id=eq.${member.id}&order=occurred_at.desc,event_id.desc`),
      'of a member, by event': read(`member_history?member_id=eq.${member.id}&order=event_id.desc&limit=51`),
      'a later page': read(await after('member_history', ['occurred_at', 'event_id'], size.listed.events / 20)),
    },
    members: {
      'by number': read('members?order=external_id&limit=50'),
      'a later page': read('members?external_id=gt.i777&order=external_id&limit=50'),
      'one by id': read(`members?id=eq.${member.id}`),
      'one by number': read(`members?external_id=eq.${member.external_id}`),
    },
    deliveries: {
      'newest first': read(`deliveries?${newest}`),
      'of a state': read(`deliveries?state=eq.rejected&${newest}`),
      'waiting ones': read(`deliveries?state=eq.pending&${newest}`),
      'of a member': read(`deliveries?member_id=eq.${member.id}&${newest}`),
      'a later page': read(await after('deliveries', ['created_at', 'id'], size.listed.pushes / 2)),
    },
    failed_syncs: {
      'newest first': read('failed_syncs?order=created_at.desc,push_id.desc&limit=50'),
      'of a reason': read('failed_syncs?error_code=eq.http_4xx&order=created_at.desc,push_id.desc&limit=50'),
    },
    'approvals, comments, logins of a member, colleagues': {
      approvals: read('approvals?order=proposed_at&limit=50'),
      'comments on a case': read(`conflict_comments?conflict_id=eq.${conflict}&order=written_at`),
      'logins of a member': read(`member_logins?member_id=eq.${member.id}&order=received_at.desc&limit=20`),
      'the login of a case': read(`settled_conflicts?observation_id=eq.${login}&order=settled_at.desc&limit=1`),
      suggestions: () => askPostgrest(`${url}/rpc/login_suggestions`, token, { observation_id: login }),
      coordinators: read('coordinators?order=name'),
      my_profile: read('my_profile?order=organization'),
    },
    'worklist, files and systems': {
      worklist: read('worklist?order=waiting_since,push_id&limit=50'),
      sync_files: read('sync_files?order=created_at.desc&limit=50'),
      member_systems: read('member_systems'),
    },
    counts: {
      conflict_counts: read('conflict_counts'),
      open_case_ages: read('open_case_ages'),
      data_quality: read('data_quality'),
      monthly_figures: read('monthly_figures?order=month'),
    },
    find_members: {
      'a full name': find('Solveig Haugen'),
      'two beginnings': find('so hau'),
      'the commonest name': find('Anne Hansen'),
      'the commonest family name': find('Hansen'),
      'two letters, with which many names begin': find('ha'),
      'a birth date': find('1.5.1941'),
      'a name and a birth date': find('Anne 1.5.1941'),
      'a phone': find(member.phone),
      'an e-mail address': find(member.email),
      'a member number': find(member.external_id),
      nobody: find('Zacharias Quist'),
    },
  };
}

/** The slowest of the requests is what the list is judged by; all of them are shown. */
async function measureRequests(
  { size, say }: Context,
  what: string,
  name: string,
  requests: Record<string, Ask>,
): Promise<Row> {
  const sides: { name: string; unit: string; figure: Spread }[] = [];
  for (const [request, ask] of Object.entries(requests)) {
    const rounds: number[] = [];
    for (let round = 0; round <= size.rounds; round += 1) {
      const times: number[] = [];
      for (let nth = 0; nth < ASKED_A_ROUND; nth += 1) {
        const begun = performance.now();
        await ask();
        times.push(performance.now() - begun);
      }
      rounds.push(quantile(times, 0.95));
    }
    sides.push({ name: request, unit: 'ms', figure: spreadOf(rounds.slice(1)) });
  }
  const [slowest] = sides.toSorted((a, b) => b.figure.median - a.figure.median);
  const value = slowest?.figure ?? spreadOf([Number.NaN]);
  say(`  ${name}: ${value.median.toFixed(1)} ms (${slowest?.name})`);
  return finish({
    id: `list-${name.split(',')[0]}`,
    what: `${what}: p95 through PostgREST, of the slowest request`,
    unit: 'ms',
    value,
    bar: { at: 'most', value: MOST_MS },
    sides,
    note: 'Fifty rows a page, one client.',
  });
}
