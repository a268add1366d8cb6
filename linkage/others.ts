import type pg from 'pg';

/** What a method takes a login for: the record, or none. Ours is one of them. */
export const METHODS = {
  ours: 'our rules',
  email: 'e-mail address alone',
  first: 'the first match',
  number: 'number alone',
} as const;
export type Method = keyof typeof METHODS;

export const HOW: Record<Exclude<Method, 'ours'>, string> = {
  email:
    'As Supabase Auth links identities: a verified e-mail address decides; of several records with it, the oldest. https://supabase.com/docs/guides/auth/auth-identity-linking',
  first:
    "As an identity broker's 'detect existing user' with automatic linking (Keycloak): the first record with the e-mail address, verified or not, else with the user name, here the phone. https://www.keycloak.org/docs/latest/server_admin/#_identity_broker_first_login",
  number: 'The record that has the number; nothing else is asked.',
};

/** The others decide on the same records, as they were before any login. "First" is the record that was there first. */
const OTHERS = `
  create table linkage.links as
  select n, 'ours' as method, m.external_id from linkage.results as r join registry.members as m on m.id = r.member_id
  union all
  select l.n, 'email', (select external_id from linkage.records as r where l.email_verified and lower(r.email) = lower(l.email) order by length(external_id), external_id limit 1)
  from linkage.logins as l where l.n in (select n from linkage.chosen)
  union all
  select l.n, 'first', coalesce(
    (select external_id from linkage.records as r where lower(r.email) = lower(l.email) order by length(external_id), external_id limit 1),
    (select external_id from linkage.records as r where r.phone = l.phone order by length(external_id), external_id limit 1))
  from linkage.logins as l where l.n in (select n from linkage.chosen)
  union all
  select l.n, 'number', (select external_id from linkage.records as r where r.number = l.number)
  from linkage.logins as l where l.n in (select n from linkage.chosen);
  delete from linkage.links where external_id is null;
  create index on linkage.links (n);
  create index on linkage.links (method, n);
  analyze linkage.links;`;

export async function decideOtherwise(pool: pg.Pool): Promise<void> {
  await pool.query(OTHERS);
}
