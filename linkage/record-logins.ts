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

/** What the database answered to a login. */
type Answer = [n: number, observation: string, outcome: string, member: string | null];

/**
 * Every chosen login once, each the first of its person with its provider.
 *
 * @param pool a superuser's, for reading and for keeping what came out
 * @param url the callback's
 */
export async function recordFirstLogins(pool: pg.Pool, url: string): Promise<void> {
  const answers = await record(pool, url, ['sample', 'risky']);
  await pool.query(
    'create table linkage.results (n integer primary key, observation_id uuid, outcome text, member_id uuid)',
  );
  const column = (at: number) => answers.map((answer) => answer[at]);
  await pool.query(
    'insert into linkage.results select * from unnest($1::int[], $2::uuid[], $3::text[], $4::uuid[])',
    [0, 1, 2, 3].map(column),
  );
  await pool.query('analyze linkage.results');
}

/**
 * The sample logs in again, with the same claims. Meanwhile no coordinator has settled anything.
 *
 * @returns how many logins, and how many cases they opened
 */
export async function recordReturns(pool: pg.Pool, url: string): Promise<{ logins: number; opened: number }> {
  const cases = async () =>
    (await pool.query<{ count: number }>('select count(*)::int from registry.conflicts')).rows[0]?.count ?? 0;
  const before = await cases();
  const { length: logins } = await record(pool, url, ['sample']);
  return { logins, opened: (await cases()) - before };
}

/**
 * Logins as the callback hands them over: by its own role, one call each, four connections. A household's logins go through one of
 * them, so that a run can be repeated.
 */
async function record(pool: pg.Pool, url: string, parts: ('sample' | 'risky')[]): Promise<Answer[]> {
  const { rows } = await pool.query<Chosen>(
    `select distinct l.n, p.household, l.provider, l.number, l.masked, l.given, l.family, l.birth_date::text, l.phone, l.email, l.email_verified
     from linkage.logins as l join linkage.people as p on p.id = l.person
     where l.n in (select n from linkage.chosen where part = any ($1)) order by l.n`,
    [parts],
  );
  const answers: Answer[] = [];
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      for (const login of rows) {
        if (login.household % CONNECTIONS !== connection) continue;
        type Row = { observation_id: string; outcome: string; member_id: string | null };
        const answer = (await client.query<Row>(call(login))).rows[0] as Row;
        answers.push([login.n, answer.observation_id, answer.outcome, answer.member_id]);
      }
      await client.end();
    }),
  );
  return answers;
}

function call(login: Chosen): pg.QueryConfig {
  return {
    name: 'record',
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
