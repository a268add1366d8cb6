import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { SEALED } from '../bench/world.ts';
import { issuerOf, SLUG } from './world.ts';

const CONNECTIONS = 4;

const CALL = `select * from login.record_observation(observation_id => $1, organization => '${SLUG}', provider => $2, issuer => $3, subject => $4,
  authenticated_at => now(), personnummer_index => $5, personnummer_sealed => $6, personnummer_masked => $7, given_name => $8,
  family_name => $9, birth_date => $10, phone => $11, phone_verified => $12, email => $13, email_verified => $14)`;

type Chosen = Record<
  'provider' | 'number' | 'masked' | 'given' | 'family' | 'birth_date' | 'phone' | 'email',
  string | null
> & {
  n: number;
  household: number;
  email_verified: boolean;
};

/**
 * Every chosen login once, as the callback hands it over: by its own role, one call each, four connections. A household's logins
 * go through one of them, so that a run can be repeated.
 *
 * @param pool a superuser's, for reading and for keeping what came out
 * @param url the callback's
 */
export async function logIn(pool: pg.Pool, url: string): Promise<void> {
  await pool.query(
    'create table linkage.results (n integer primary key, observation_id uuid, outcome text, member_id uuid)',
  );
  const { rows } = await pool.query<Chosen>(
    `select distinct l.n, p.household, l.provider, l.number, l.masked, l.given, l.family, l.birth_date::text, l.phone, l.email, l.email_verified
     from linkage.logins as l join linkage.people as p on p.id = l.person
     where l.n in (select n from linkage.chosen) order by l.n`,
  );
  const results: [number, string, string, string | null][] = [];
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      for (const login of rows) {
        if (login.household % CONNECTIONS !== connection) continue;
        const answer = await client.query<{ outcome: string; member_id: string | null }>(call(login));
        const { outcome, member_id: member } = answer.rows[0] as { outcome: string; member_id: string | null };
        results.push([login.n, String(answer.rows[0]?.['observation_id' as never]), outcome, member]);
      }
      await client.end();
    }),
  );
  await keep(pool, results);
}

function call(login: Chosen): pg.QueryConfig {
  return {
    name: 'door',
    text: CALL,
    values: [
      randomUUID(),
      login.provider,
      issuerOf(login.provider as string),
      `s${login.n}`,
      login.number,
      login.number === null ? null : SEALED,
      login.masked,
      login.given,
      login.family,
      login.birth_date,
      login.phone,
      login.phone !== null,
      login.email,
      login.email_verified,
    ],
  };
}

async function keep(pool: pg.Pool, results: [number, string, string, string | null][]): Promise<void> {
  const column = (at: number) => results.map((result) => result[at]);
  await pool.query(
    'insert into linkage.results select * from unnest($1::int[], $2::uuid[], $3::text[], $4::uuid[])',
    [0, 1, 2, 3].map(column),
  );
  await pool.query('analyze linkage.results');
}
