import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { allSampleCases } from '../../local/sample-data/persons.ts';
import { createIndexer } from '../../personnummer/blind-index.ts';
import { parseSecrets } from '../../personnummer/keys.ts';
import { Personnummer } from '../../personnummer/personnummer.ts';
import type { Load } from './load.ts';
import type { AnyWorld } from './world.ts';

export interface Invariant {
  readonly what: string;
  /** How many things it was looked for in. */
  readonly looked: number;
  /** What breaks it; empty when it holds. */
  readonly broken: string[];
}

/** What was promised to those who logged in. */
type Promised = Pick<Load, 'acknowledged' | 'logins'>;

/** Queries that must find nothing: id of what breaks the rule. */
const queries: Record<string, string> = {
  // A lease that has run out is taken up by the next sweep; while another one is under way, reconcile's own does nothing.
  'nothing pending without a job or a schedule': `
    select p.id || ' ' || p.state as id from sync.pushes as p where p.settled_at is null and p.waits_for_conflict_id is null and not exists (
      select from graphile_worker.jobs as j where j.key = 'push_personnummer:' || p.id and j.attempts < j.max_attempts)
      and not (p.state = 'sending' and p.lease_expires_at > now() - interval '10 seconds')`,
  'each decided observation has exactly one audit event with its outcome': `
    select o.id from registry.observations as o where o.outcome <> 'deferred' and (
      select count(*) from audit.events as e where e.observation_id = o.id and e.event = o.outcome::text) <> 1`,
  'each settled push has exactly one audit event that says so': `
    select p.id from sync.pushes as p where p.settled_at is not null and (
      select count(*) from audit.events as e where e.push_id = p.id and e.event = 'push_' || p.state::text) <> 1`,
  'each delivered push has exactly one delivering attempt': `
    select p.id from sync.pushes as p where p.state = 'delivered' and (
      select count(*) from sync.push_attempts as a where a.push_id = p.id and a.result = 'delivered') <> 1`,
  'no push was refused: the member systems never refuse': `select p.id from sync.pushes as p where p.state in ('rejected', 'given_up')`,
  'no observation is undecided': `select o.id from registry.observations as o where o.outcome = 'deferred'`,
};

export async function checkQueries(
  world: AnyWorld,
  names: readonly string[] = Object.keys(queries),
): Promise<Invariant[]> {
  const [{ pushes = 0 } = {}] = await world.admin<{ pushes: number }>(
    'select count(*)::int as pushes from sync.pushes',
  );
  return await Promise.all(
    names.map(async (what) => {
      const broken = await world.admin<{ id: string }>(queries[what] ?? '');
      return { what, looked: pushes, broken: broken.map(({ id }) => id) };
    }),
  );
}

async function checkAcknowledged(world: AnyWorld, load: Promised): Promise<Invariant[]> {
  const ids = [...load.acknowledged];
  const lost = await world.admin<{ id: string }>(
    `select t.id from unnest($1::uuid[]) as t(id) where not exists (select from registry.observations as o where o.id = t.id)`,
    [ids],
  );
  const [{ others = 0 } = {}] = await world.admin<{ others: number }>(
    'select count(*)::int as others from registry.observations where id <> all ($1::uuid[])',
    [ids],
  );
  return [
    { what: 'every acknowledged observation is there', looked: ids.length, broken: lost.map(({ id }) => id) },
    {
      what: 'there are at least as many observations as logins that ended with tokens',
      looked: load.logins(),
      broken: others < load.logins() ? [`${others} of ${load.logins()}`] : [],
    },
  ];
}

/** Compares by index, as the system itself does. A change whose number is in question in an open case waits, and is not due. */
async function checkValues(world: AnyWorld): Promise<Invariant> {
  const indexer = createIndexer(parseSecrets(world.keys.PERSONNUMMER_INDEX_SECRETS).secrets);
  const rows = await world.admin<{ organization_id: string; slug: string; external_id: string; index: string | null }>(
    `select m.organization_id, g.slug, m.external_id, m.personnummer_index as index
     from registry.members as m join registry.organizations as g on g.id = m.organization_id
     where exists (select from sync.pushes as p where p.member_id = m.id)
       and not exists (
         select from sync.pushes as p join registry.conflicts as c on c.id = p.waits_for_conflict_id and c.closed_at is null
         where p.member_id = m.id)`,
  );
  const broken = rows.filter((row) => {
    const value = world.memberSystems.valueOf(row.slug, row.external_id) ?? null;
    return (
      (value === null ? null : (indexer.indexes(new Personnummer(value), row.organization_id)[0] ?? null)) !== row.index
    );
  });
  return {
    what: "the member system's final value is the database's, for every member",
    looked: rows.length,
    broken: broken.map(({ external_id }) => external_id),
  };
}

async function checkEffects(world: AnyWorld): Promise<Invariant[]> {
  const { effects, mixedUp } = world.memberSystems;
  const twice = [...effects].filter(([, count]) => count !== 1).map(([key]) => key);
  const delivered = await world.admin<{ id: string }>(`select id from sync.pushes where state = 'delivered'`);
  return [
    {
      what: 'per idempotency key at most one effect, always with the same value',
      looked: effects.size,
      broken: [...twice, ...mixedUp],
    },
    {
      what: 'what counts as delivered had its effect',
      looked: delivered.length,
      broken: delivered.map(({ id }) => id).filter((id) => !effects.has(id)),
    },
  ];
}

const DIGITS = 11;

/** Whether a text holds any of the numbers: thousands of them in one pass over it. */
function searchFor(numbers: readonly string[]): (text: string) => boolean {
  const known = new Set(numbers);
  return (text) => {
    for (const [digits] of text.matchAll(/\d{11,}/g)) {
      for (let at = 0; at + DIGITS <= digits.length; at += 1) if (known.has(digits.slice(at, at + DIGITS))) return true;
    }
    return false;
  };
}

function checkLogs(world: AnyWorld): Invariant {
  const people = allSampleCases.flatMap(({ person, members }) => [
    person.personnummer,
    ...members.map((member) => member.personnummer),
  ]);
  const numbers = [
    ...people.filter((number) => number !== undefined),
    ...world.members.flatMap((member) => member.numbers),
  ];
  const holdsAny = searchFor(numbers);
  const files = globSync('**/*', { cwd: world.logs })
    .map((file) => join(world.logs, file))
    .filter((file) => statSync(file).isFile());
  const broken = files.filter((file) => {
    return holdsAny(readFileSync(file, 'latin1'));
  });
  return { what: 'no test number in any log', looked: files.length, broken };
}

async function checkTables(world: AnyWorld): Promise<Invariant> {
  const holdsAny = searchFor(world.members.flatMap((member) => member.numbers));
  const tables = [
    'audit.events',
    'graphile_worker._private_jobs',
    'sync.pushes',
    'sync.push_attempts',
    'registry.conflicts',
  ];
  const broken: string[] = [];
  for (const table of tables) {
    const rows = await world.admin<{ row: string }>(`select to_jsonb(t)::text as row from ${table} as t`);
    if (rows.some(({ row }) => holdsAny(row))) broken.push(table);
  }
  return { what: 'no test number in jobs, pushes, cases or the audit', looked: tables.length, broken };
}

/** Everything that has to hold when the dust has settled. */
export async function checkAll(world: AnyWorld, load: Promised): Promise<Invariant[]> {
  return [
    ...(await checkAcknowledged(world, load)),
    ...(await checkQueries(world)),
    ...(await checkEffects(world)),
    await checkValues(world),
    checkLogs(world),
    await checkTables(world),
  ];
}
