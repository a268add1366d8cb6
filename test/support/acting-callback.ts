import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { TestDatabase } from './database.ts';
import { inOpenSessions } from './kept-pools.ts';
import { addMember, addMemberSystem, addOrganization, addProvider, type Organization, sealNumber } from './samples.ts';

export type Answer = { observation_id: string; outcome: string; member_id: string | null; ask_consent: boolean };

/** Arguments of login.record_observation by name; `personnummer` stands for the three forms of a number. */
export type Login = Readonly<Record<string, unknown>> & { personnummer?: string };

export type ActingCallback = {
  organization: Organization;
  /** Records a login in the callback's role. */
  login(arguments_?: Login, client?: pg.ClientBase): Promise<Answer>;
  pool: pg.Pool;
};

/** What Vipps would say of the person that `person` describes in a member record. */
export const KARI = {
  given_name: 'Kari',
  family_name: 'Nordmann',
  birth_date: '1950-01-01',
  phone: '+4790000001',
  email: 'kari@example.org',
} as const;

/** An organisation with Vipps and a member system, and the callback's role in it. */
export async function actAsCallback(db: TestDatabase, provider: Record<string, unknown> = {}): Promise<ActingCallback> {
  const organization = await addOrganization(db);
  await addProvider(db, organization, provider);
  await addMemberSystem(db, organization);
  const pool = db.poolFor('auth_callback');
  const login = async (arguments_: Login = {}, client: pg.ClientBase | pg.Pool = pool) => {
    const { personnummer, ...rest } = arguments_;
    const values: Record<string, unknown> = {
      observation_id: randomUUID(),
      organization: organization.slug,
      provider: 'vipps',
      issuer: 'https://provider.example/access-management-1.0/access/',
      subject: 'subject-of-kari',
      authenticated_at: new Date(),
      ...KARI,
      phone_verified: true,
      email_verified: true,
      ...(personnummer === undefined ? {} : await sealNumber(personnummer, organization)),
      ...rest,
    };
    const names = Object.keys(values);
    const { rows } = await client.query<Answer>(
      `select * from login.record_observation(${names.map((name, at) => `${name} => $${at + 1}`).join(', ')})`,
      Object.values(values),
    );
    return rows[0] as Answer;
  };
  return { organization, login, pool };
}

/** Calls of the callback's in this database wait for each other as long as it takes: for many at once on a loaded machine. */
export async function waitWithoutLimit({ pool, name, poolFor }: TestDatabase): Promise<void> {
  // A role's settings reach sessions that begin after them.
  await inOpenSessions(poolFor('auth_callback'), 'set lock_timeout = 0; set statement_timeout = 0');
  await pool.query(
    `alter role auth_callback in database ${name} set lock_timeout = 0;
     alter role auth_callback in database ${name} set statement_timeout = 0;
     do $$
     declare v_function regprocedure;
     begin
       for v_function in
         select p.oid from pg_proc as p where exists (select from unnest(p.proconfig) as c(setting) where setting like 'lock_timeout=%')
       loop
         execute format('alter function %s set lock_timeout = 0', v_function);
       end loop;
     end
     $$`,
  );
}

/** A member record that agrees with `KARI` in everything, unless told otherwise. */
export function addKari(db: TestDatabase, callback: ActingCallback, values: Login = {}) {
  return addMember(db, callback.organization, { ...KARI, ...values });
}

/** First row of a query, for looking at what is stored. */
export async function one<T extends pg.QueryResultRow>(db: TestDatabase, sql: string, parameters: unknown[] = []) {
  const { rows } = await db.pool.query<T>(sql, parameters);
  return rows[0] as T;
}

/** How many rows each table holds; for "nothing else happened". */
export async function counts(db: TestDatabase): Promise<Record<string, number>> {
  return one(
    db,
    `select (select count(*)::int from registry.observations) as observations,
            (select count(*)::int from registry.identity_links) as links,
            (select count(*)::int from registry.conflicts) as conflicts,
            (select count(*)::int from sync.pushes) as pushes,
            (select count(*)::int from graphile_worker.jobs) as jobs,
            (select count(*)::int from audit.events) as events`,
  );
}
