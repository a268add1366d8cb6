import { type ComparedSide, type Comparison, compare } from '../compare.ts';
import type { Context } from '../context.ts';
import { askedAndConfirmed, confirmedRows, createFloorTables, filledRows, shareOf } from '../floors.ts';
import { bareInsert, bareInsertAndJob, fromTheApplication, recordedLogin } from '../peers.ts';
import { finish, type Row, toRow } from '../row.ts';
import { settleIn } from '../settle-in.ts';
import { spreadOf } from '../statistics.ts';
import { addBenchMembers, addBenchOrganization, type BenchOrganization, loginOf } from '../world.ts';
import { withSupabase } from './supabase-js.ts';

const CLIENTS = 8;
const MEMBERS = 1_000;
const ROWS_ALONE = 'the rows alone';
const SUPABASE = 'supabase-js and PostgREST';
const ONE_STATEMENT = 'question and rows, one statement';

/** Rows 1 to 3: what a decision costs beside the insert that any login needs, and beside the same steps from an application. */
export async function measureDecisions(context: Context): Promise<Row[]> {
  const organization = await addBenchOrganization(context.cluster.pool, 'decisions');
  await addBenchMembers(context.cluster.pool, organization, [0, MEMBERS], { withNumber: true });
  const ids = await memberIds(context, organization);
  const { url, urls } = context.cluster;
  const ours = {
    name: 'login.record_observation',
    load: {
      url: urls.auth_callback,
      clients: CLIENTS,
      operation: recordedLogin((nth) => loginOf(organization, 1 + (nth % MEMBERS))),
    },
  };
  const insert = { name: 'bare insert', load: { url, clients: CLIENTS, operation: bareInsert(organization, ids) } };
  const alone = { name: ROWS_ALONE, load: { url, clients: CLIENTS, operation: confirmedRows(organization, ids) } };
  const oneStatement = {
    name: ONE_STATEMENT,
    load: { url, clients: CLIENTS, operation: askedAndConfirmed(organization, MEMBERS) },
  };
  const loads = [ours.load, insert.load, alone.load, oneStatement.load];
  await settleIn(context.cluster.pool, loads, 2 * context.size.warmUpSeconds);
  const application = {
    name: 'separate statements',
    load: { url, clients: CLIENTS, operation: fromTheApplication(organization, MEMBERS) },
  };
  const overInsert = await compare(context, { ours, baseline: insert, peers: [alone] });
  const overApplication = await withSupabase(context, organization, MEMBERS, (supabase) =>
    compare(context, { ours, baseline: application, peers: [oneStatement, supabase] }),
  );
  return [
    toRow(overInsert, {
      id: 'confirmed-over-insert',
      what: 'decision `confirmed` by `login.record_observation`, per second, 8 connections, over a bare insert of the same row',
      bar: { at: 'least', value: 0.6 },
      note: `The bare insert writes the same row into a table with the same indexes, checks and foreign keys, and does nothing else. The rows alone, written by one statement that asks and decides nothing, reach ${shareOf(overInsert, ROWS_ALONE)} of the baseline. Ours also asks for organisation, provider, link and member, and keeps the row when anything fails (a subtransaction).`,
    }),
    overPeer(overInsert, ROWS_ALONE, {
      id: 'confirmed-over-rows-alone',
      what: 'decision `confirmed`, over the rows alone',
      bar: 0.85,
    }),
    ...(await measureFilled(context)),
    toRow(overApplication, {
      id: 'confirmed-over-application',
      what: 'decision `confirmed`, over the same steps sent as separate statements from Node in one transaction',
      bar: { at: 'least', value: 2 },
      note: `Separate statements: begin, lock and look-up of the id, provider, savepoint, link, member, insert, audit event, release, commit; all prepared. supabase-js sends provider, link, member and the two inserts through PostgREST, each a transaction of its own. The same question and rows in one statement, without a function or a safety net, reach ${shareOf(overApplication, ONE_STATEMENT)} of the baseline. Both sides write the same and wait for the same flush; what ours saves is ten round trips of about 0.06 ms on one machine. Over a network each round trip costs ten times as much, and the ratio grows with it.`,
    }),
    overPeer(overApplication, SUPABASE, {
      id: 'confirmed-over-supabase-js',
      what: 'decision `confirmed`, over the same steps sent through supabase-js and PostgREST',
      bar: 10,
    }),
  ];
}

async function measureFilled(context: Context): Promise<Row[]> {
  const { size, cluster } = context;
  // Nobody's number is filled twice, so every operation takes a member of its own.
  const enough = Math.ceil((size.rounds * size.roundSeconds + 2 * size.warmUpSeconds) * 4_000);
  const organization = await addBenchOrganization(cluster.pool, 'filled');
  await addBenchMembers(cluster.pool, organization, [0, enough], { withNumber: false });
  const ids = await memberIds(context, organization);
  const ours = (member: (nth: number) => number) => ({
    url: cluster.urls.auth_callback,
    clients: CLIENTS,
    operation: recordedLogin((nth) => loginOf(organization, member(nth))),
  });
  const insertAndJob = { url: cluster.url, clients: CLIENTS, operation: bareInsertAndJob(organization, ids) };
  await createFloorTables(cluster.pool, organization);
  const alone = (member: (nth: number) => number) => ({
    url: cluster.url,
    clients: CLIENTS,
    operation: filledRows(organization, ids, member),
  });
  const loads = [ours((nth) => enough - nth), insertAndJob, alone((nth) => enough - 1 - nth)];
  await settleIn(cluster.pool, loads, size.warmUpSeconds);
  const comparison = await compare(context, {
    ours: { name: 'login.record_observation', load: ours((nth) => 1 + nth) },
    baseline: { name: 'bare insert and add_job', load: insertAndJob },
    peers: [{ name: ROWS_ALONE, load: alone((nth) => nth) }],
  });
  const { rows } = await cluster.pool.query<{ outcome: string; n: number }>(
    'select outcome, count(*)::int as n from registry.observations where organization_id = $1 group by outcome',
    [organization.id],
  );
  if (rows.some(({ outcome }) => outcome !== 'filled')) throw new Error(`not only filled: ${JSON.stringify(rows)}`);
  // Also the pushes: reconcile would queue them again, in the middle of what is measured next.
  await cluster.pool.query('truncate graphile_worker._private_jobs cascade');
  await cluster.pool.query('delete from sync.pushes where organization_id = $1', [organization.id]);
  const rowsAlone = comparison.peers.find(({ name }) => name === ROWS_ALONE) as ComparedSide;
  const floor = toRow(
    { ...comparison, ours: rowsAlone, peers: [], ratio: ratioOf(rowsAlone, comparison.baseline) },
    {
      id: 'filled-rows-over-insert-and-job',
      what: 'the rows alone of `filled`, over a bare insert plus a bare `add_job`',
      bar: { at: 'least', value: 0.85 },
      note: `The baseline sends insert and add_job as one statement. The rows alone are written by one statement that asks and decides nothing: the record with its seven indexes, the push with its checks and six indexes, the job, and the audit event. Both queue for the lock that a NOTIFY takes for its commit (Lock:object), and add_job notifies.`,
    },
  );
  return [
    overPeer(comparison, ROWS_ALONE, {
      id: 'filled-over-rows-alone',
      what: 'decision `filled`, over the rows alone',
      bar: 0.85,
    }),
    floor,
  ];
}

/** Ours over a peer, of sides that were measured in turn. */
function overPeer(comparison: Comparison, name: string, row: { id: string; what: string; bar: number }): Row {
  const peer = comparison.peers.find((each) => each.name === name) as ComparedSide;
  return toRow(
    { ...comparison, baseline: peer, peers: [], ratio: ratioOf(comparison.ours, peer) },
    { ...row, bar: { at: 'least', value: row.bar }, note: '' },
  );
}

const ratioOf = (one: ComparedSide, other: ComparedSide) =>
  spreadOf(one.figure.rounds.map((value, at) => value / (other.figure.rounds[at] as number)));

async function memberIds(context: Context, organization: BenchOrganization): Promise<string[]> {
  const { rows } = await context.cluster.pool.query<{ id: string }>(
    'select id from registry.members where organization_id = $1 order by substr(external_id, 2)::int',
    [organization.id],
  );
  return rows.map(({ id }) => id);
}

/** For rows that are one figure. */
export function single(row: Omit<Row, 'met' | 'value'> & { values: number[] }): Row {
  const { values, ...rest } = row;
  return finish({ ...rest, value: spreadOf(values) });
}
