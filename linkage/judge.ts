import type pg from 'pg';
import { causeOf, type Fate, type Odd, type Part } from './causes.ts';
import { nameDisagrees } from './facts.ts';
import { METHODS, type Method } from './others.ts';

/** How a method did. Members: `right`, `wrong`, `missed`. Others: `wrong`, `refused`. */
export type Score = {
  method: Method;
  part: Part;
  logins: number;
  right: number;
  wrong: number;
  missed: number;
  refused: number;
  /** Of the wrong ones: those where name and birth date both disagree. */
  wrongAgainstNameAndBirthDate: number;
  /** Logins that brought a case to a coordinator. */
  asked: number;
};

/** One reason why logins went wrong, and the first of them. */
export type Cause = { method: Method; fate: Fate; cause: string; example: Odd } & Record<Part, number>;

const SCORES = `
  select method, part, count(*)::int as logins,
    count(*) filter (where linked = person)::int as right,
    count(*) filter (where linked <> person)::int as wrong,
    count(*) filter (where linked is null and member)::int as missed,
    count(*) filter (where linked is null and not member)::int as refused,
    count(*) filter (where asked and method = 'ours')::int as asked
  from (
    select m.method, c.parts, c.person, r.person as linked,
      exists (select from linkage.records as own where own.person = c.person) as member,
      exists (select from linkage.asked as a where a.n = c.n) as asked
    from linkage.parts as c
    cross join unnest($1::text[]) as m (method)
    left join linkage.links as k on k.method = m.method and k.n = c.n
    left join linkage.records as r on r.external_id = k.external_id
  ) as judged, unnest(parts) as part
  group by method, part`;

/** Whose login a coordinator was asked about: its audit events name a case. */
const ASKED = `
  create table linkage.asked as
  select distinct r.n from linkage.results as r join audit.events as e on e.observation_id = r.observation_id where e.conflict_id is not null;
  create index on linkage.asked (n);
  create view linkage.parts as
  select n, person, array_agg(part) || case when count(*) = 1 and min(part) = 'sample' then '{ordinary}'::text[] else '{}' end as parts
  from linkage.chosen group by n, person;
  create view linkage.facts as
  select r.*, p.household, p.role, p.twin from linkage.records as r join linkage.people as p on p.id = r.person;
  analyze linkage.asked`;

const ODD = `
  select c.n, c.parts, coalesce(s.outcome, '') as outcome, a.n is not null as asked,
    to_jsonb(l) || jsonb_build_object('household', p.household, 'role', p.role, 'twin', p.twin, 'language', p.language) as login,
    (select to_jsonb(f) from linkage.facts as f where f.external_id = k.external_id) as linked,
    (select coalesce(jsonb_agg(f order by f.external_id), '[]') from linkage.facts as f where f.person = l.person) as own,
    (select coalesce(jsonb_agg(f order by f.external_id), '[]') from (
       select f.* from linkage.facts as f where f.number = l.number
       union select f.* from linkage.facts as f where f.phone = l.phone
       union select f.* from linkage.facts as f where lower(f.email) = lower(l.email)
     ) as f where f.person <> l.person) as others
  from linkage.parts as c
  join linkage.logins as l on l.n = c.n
  join linkage.people as p on p.id = l.person
  left join linkage.results as s on s.n = c.n
  left join linkage.asked as a on a.n = c.n and $1 = 'ours'
  left join linkage.links as k on k.n = c.n and k.method = $1
  left join linkage.records as r on r.external_id = k.external_id
  where r.person <> l.person or $1 = 'ours' and (
    a.n is not null or r.person is null and exists (select from linkage.records as own where own.person = l.person))
  order by c.n`;

/** Compares what every method took the logins for with who they are. */
export async function judge(pool: pg.Pool): Promise<{ scores: Score[]; causes: Cause[] }> {
  await pool.query(ASKED);
  const methods = Object.keys(METHODS) as Method[];
  const { rows: scores } = await pool.query<Score>(SCORES, [methods]);
  for (const score of scores) score.wrongAgainstNameAndBirthDate = 0;
  const causes = new Map<string, Cause>();
  for (const method of methods) {
    const { rows } = await pool.query<Odd>(ODD.replaceAll('$1', `'${method}'`));
    for (const odd of rows) {
      if (isWrong(odd) && againstNameAndBirthDate(odd)) {
        for (const score of scores)
          if (score.method === method && odd.parts.includes(score.part)) score.wrongAgainstNameAndBirthDate += 1;
      }
      for (const fate of fatesOf(odd)) count(causes, method, fate, odd);
    }
  }
  return { scores, causes: [...causes.values()].toSorted((a, b) => b.sample - a.sample || b.risky - a.risky) };
}

const isWrong = ({ linked, login }: Odd) => linked !== null && linked.person !== login.person;

function againstNameAndBirthDate({ linked, login }: Odd): boolean {
  const [one, other] = [login.birth_date, linked?.birth_date ?? null];
  return linked !== null && nameDisagrees(login, linked) && one !== null && other !== null && one !== other;
}

function fatesOf(odd: Odd): Fate[] {
  const fates: Fate[] = odd.asked ? ['asked'] : [];
  if (isWrong(odd)) fates.push('wrong');
  else if (!odd.asked) fates.push('missed');
  return fates;
}

function count(causes: Map<string, Cause>, method: Method, fate: Fate, odd: Odd): void {
  const cause = causeOf(fate, odd);
  const key = [method, fate, cause].join('\n');
  const known = causes.get(key) ?? { method, fate, cause, sample: 0, risky: 0, ordinary: 0, example: odd };
  for (const part of odd.parts) known[part] += 1;
  causes.set(key, known);
}
