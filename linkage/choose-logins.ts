import type pg from 'pg';

/**
 * Who logs in. A sample by chance, of which every share is an estimate; and, because what happens once in a million would hardly be
 * in it, all logins there are that anybody's rules could take for somebody else: another person's record has their number, or two of
 * phone, e-mail address and birth date (a birth date that the record lacks counts as the same).
 */
const CHOOSE = `
  create table linkage.chosen as
  select n, person, 'sample' as part from (
    select n, person from linkage.logins order by hashint8extended(n, $1), n limit $2
  ) as sample`;

const CHOOSE_RISKY = `
  insert into linkage.chosen
  select n, person, 'risky' from (
    select distinct l.n, l.person
    from linkage.logins as l
    cross join lateral (
      select r.* from linkage.records as r where r.number = l.number
      union all select r.* from linkage.records as r where r.phone = l.phone
      union all select r.* from linkage.records as r where lower(r.email) = lower(l.email)
    ) as r
    where r.person <> l.person and (
      r.number = l.number
      or (r.phone = l.phone)::integer + (lower(r.email) = lower(l.email))::integer + coalesce(r.birth_date = l.birth_date, true)::integer >= 2
    )
  ) as risky`;

/** @returns how many logins there could be, how many are in the sample, and how many of all are risky */
export async function chooseLogins(
  pool: pg.Pool,
  { logins, seed }: { logins: number; seed: number },
): Promise<{ possible: number; sample: number; risky: number }> {
  await pool.query(CHOOSE, [seed, logins]);
  await pool.query(CHOOSE_RISKY);
  await pool.query('create index on linkage.chosen (n)');
  const { rows } = await pool.query<{ possible: number; sample: number; risky: number }>(
    `select (select count(*)::int from linkage.logins) as possible,
       (select count(*)::int from linkage.chosen where part = 'sample') as sample,
       (select count(*)::int from linkage.chosen where part = 'risky') as risky`,
  );
  return rows[0] as { possible: number; sample: number; risky: number };
}
