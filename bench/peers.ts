import { randomUUIDv7 } from 'node:crypto';
import type pg from 'pg';
import type { Operation } from './load.ts';
import { type BenchOrganization, loginOf } from './world.ts';

/**
 * Tables for the peers: the same columns, indexes, checks and foreign keys as ours, without the trigger and without row
 * security, in a schema of their own.
 */
export async function createPeerTables(pool: pg.Pool): Promise<void> {
  await pool.query(`
    create schema bench;
    create table bench.observations (like registry.observations including all);
    alter table bench.observations add foreign key (organization_id) references registry.organizations;
    alter table bench.observations add foreign key (organization_id, member_id) references registry.members (organization_id, id);
    create table bench.events (like audit.events including all);
    -- Which epoch it is, the rules ask.
    alter table bench.events alter epoch set default 1`);
}

export const INSERT = `insert into bench.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, outcome, settled_at,
  member_id, explanation, personnummer_index, personnummer_sealed, personnummer_masked, given_name, family_name, phone, phone_verified, email, email_verified)`;
export const VALUES = `$1, $2, 'vipps', 'vipps-login', 'https://provider.example/', $3, now(), 'confirmed', now(), $4, '{"match_rule": "link"}',
  $5, $6, $7, $8, $9, $10, true, $11, true`;

/** The row that our trigger would write, written by nobody's rules. */
export function bareInsert(organization: BenchOrganization, members: string[]): Operation {
  return (client, nth) =>
    client.query({
      name: 'bare',
      text: `${INSERT} values (${VALUES})`,
      values: observationOf(organization, members, nth),
    });
}

/** That, and a job, in one statement. */
export function bareInsertAndJob(organization: BenchOrganization, members: string[]): Operation {
  const text = `with o as (${INSERT} values (${VALUES}) returning id)
    select graphile_worker.add_job('bench', json_build_object('push_id', o.id), job_key => 'bench:' || o.id, max_attempts => 25) from o`;
  return (client, nth) => client.query({ name: 'bare job', text, values: observationOf(organization, members, nth) });
}

export function observationOf(organization: BenchOrganization, members: string[], nth: number): unknown[] {
  const n = 1 + (nth % members.length);
  const [, subject, ...rest] = loginOf(organization, n);
  return [randomUUIDv7(), organization.id, subject, members[n - 1], ...rest];
}

/** Ours, as the callback calls it. @param login arguments for the nth call, see `loginOf` */
export function recordedLogin(login: (nth: number) => unknown[]): Operation {
  const text = `select * from login.record_observation(observation_id => $1, organization => $2, provider => 'vipps',
    issuer => 'https://provider.example/', subject => $3, authenticated_at => now(), personnummer_index => $4, personnummer_sealed => $5,
    personnummer_masked => $6, given_name => $7, family_name => $8, phone => $9, phone_verified => true, email => $10, email_verified => true)`;
  return (client, nth) => client.query({ name: 'ours', text, values: [randomUUIDv7(), ...login(nth)] });
}

/**
 * The application-side sync: the same questions and the same rows, one statement each, in one transaction. With the same
 * guarantees: a repeated call changes nothing (lock and look-up), and a fault in matching loses no evidence (savepoint).
 */
export function fromTheApplication(organization: BenchOrganization, members: number): Operation {
  return async (client, nth) => {
    const n = 1 + (nth % members);
    const [slug, subject, index, ...rest] = loginOf(organization, n);
    const id = randomUUIDv7();
    await client.query({ name: 'begin', text: 'begin' });
    await one(client, 'lock', 'select pg_advisory_xact_lock(hashtextextended($1, 0))', [id]);
    await client.query({
      name: 'known',
      text: 'select outcome, member_id from bench.observations where id = $1',
      values: [id],
    });
    const provider = await one(client, 'provider', PROVIDER, [slug]);
    await client.query({ name: 'savepoint', text: 'savepoint matching' });
    const link = await one(client, 'link', LINK, [provider.id, 'https://provider.example/', subject]);
    const member = await one(client, 'member', 'select id, personnummer_index from registry.members where id = $1', [
      link.member_id,
    ]);
    if (member.personnummer_index !== index) throw new Error('the benchmark expects the recorded number');
    await client.query({
      name: 'app insert',
      text: `${INSERT} values (${VALUES})`,
      values: [id, provider.id, subject, member.id, index, ...rest],
    });
    await client.query({ name: 'event', text: EVENT, values: [provider.id, member.id, id] });
    await client.query({ name: 'release', text: 'release savepoint matching' });
    await client.query({ name: 'commit', text: 'commit' });
  };
}

const PROVIDER = `select g.id, g.capture, p.provider, p.consent_mode from registry.organizations g
  join registry.identity_providers p on p.organization_id = g.id where g.slug = $1 and p.provider = 'vipps'`;
const LINK = `select member_id, revoked_at from registry.identity_links where organization_id = $1 and issuer = $2 and subject = $3`;
const EVENT = `insert into bench.events (event, source, actor, organization_id, message, member_id, observation_id, detail)
  values ('confirmed', 'vipps-login', 'application', $1, 'confirmed, no change', $2, $3, '{"match_rule": "link"}')`;

async function one(client: pg.Client, name: string, text: string, values: unknown[]) {
  const { rows } = await client.query({ name, text, values });
  if (rows.length !== 1) throw new Error(`the benchmark expects one row: ${name}`);
  return rows[0];
}
