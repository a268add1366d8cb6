import { randomUUIDv7 } from 'node:crypto';
import type pg from 'pg';
import type { Comparison } from './compare.ts';
import type { Operation } from './load.ts';
import { INSERT, observationOf, VALUES } from './peers.ts';
import { quantile } from './statistics.ts';
import { type BenchOrganization, loginOf } from './world.ts';

// What is left of a decision when nothing is asked and nothing decided: the rows that it writes, in one prepared statement. No
// implementation that keeps these rows can be faster, so beside a bar that is missed these show how much of it can be had.

/** Copies of the tables that a `filled` decision writes, with the members of an organisation whose numbers are missing. */
export async function createFloorTables(pool: pg.Pool, organization: BenchOrganization): Promise<void> {
  await pool.query(`
    create table bench.members (like registry.members including all);
    create table bench.pushes (like sync.pushes including all);
    alter table bench.pushes add foreign key (organization_id, member_id) references registry.members (organization_id, id);
    alter table bench.pushes add foreign key (observation_id) references bench.observations deferrable initially deferred`);
  await pool.query('insert into bench.members select * from registry.members where organization_id = $1', [
    organization.id,
  ]);
}

const STORED = `with o as (${INSERT} values (${VALUES}) returning *)`;
const EVENT = `insert into bench.events (event, source, actor, organization_id, message, member_id, observation_id, detail)
  select o.outcome, o.source, session_user, o.organization_id, 'confirmed, no change', o.member_id, o.id, '{"match_rule": "link"}' from o`;

/** The observation and its audit event. */
export function confirmedRows(organization: BenchOrganization, members: string[]): Operation {
  return (client, nth) =>
    client.query({
      name: 'confirmed rows',
      text: `${STORED} ${EVENT}`,
      values: observationOf(organization, members, nth),
    });
}

/** The same rows, and the question whose answer they need, in one statement: nothing is kept when anything fails. */
export function askedAndConfirmed(organization: BenchOrganization, members: number): Operation {
  const text = `with k as (
      select g.id as organization_id, m.id as member_id
      from registry.organizations as g
      join registry.identity_providers as p on p.organization_id = g.id
      join registry.identity_links as l on l.organization_id = g.id
      join registry.members as m on m.id = l.member_id
      where g.slug = $2 and g.capture and p.provider = 'vipps' and l.issuer = 'https://provider.example/' and l.subject = $3
        and l.revoked_at is null and m.personnummer_index = $4
    ), o as (
      ${INSERT}
      select $1, k.organization_id, 'vipps', 'vipps-login', 'https://provider.example/', $3, now(), 'confirmed', now(),
        k.member_id, '{"match_rule": "link"}', $4, $5, $6, $7, $8, $9, true, $10, true from k returning *
    ) ${EVENT}`;
  return async (client, nth) => {
    const { rowCount } = await client.query({
      name: 'asked and confirmed',
      text,
      values: [randomUUIDv7(), ...loginOf(organization, 1 + (nth % members))],
    });
    if (rowCount !== 1) throw new Error('the benchmark expects the recorded number');
  };
}

/** The observation, the record's number, the push, its job, and the audit event. @param member position of the nth one's */
export function filledRows(
  organization: BenchOrganization,
  members: string[],
  member: (nth: number) => number,
): Operation {
  const text = `${STORED}, m as (
      update bench.members as r set personnummer_index = o.personnummer_index, personnummer_sealed = o.personnummer_sealed,
        personnummer_masked = o.personnummer_masked, personnummer_source = o.source, personnummer_at = now(), version = r.version + 1
      from o where r.id = o.member_id and r.personnummer_index is null returning r.id
    ), p as (
      insert into bench.pushes (organization_id, member_id, observation_id, personnummer_index)
      select o.organization_id, m.id, o.id, o.personnummer_index from o cross join m returning id, organization_id
    ), e as (${EVENT})
    select graphile_worker.add_job('bench', json_build_object('push_id', p.id), job_key => 'bench:' || p.id, max_attempts => 25,
      flags => array['org:' || p.organization_id]) from p`;
  return async (client, nth) => {
    const { rowCount } = await client.query({
      name: 'filled rows',
      text,
      values: observationOf(organization, members, member(nth)),
    });
    if (rowCount !== 1) throw new Error('the benchmark expects a member whose number is missing');
  };
}

/** @returns what a peer reaches of the baseline, as figures are written here */
export function shareOf({ baseline, peers }: Comparison, name: string): string {
  const floor = peers.find((peer) => peer.name === name)?.figure.rounds ?? [];
  const shares = floor.map((value, at) => value / (baseline.figure.rounds[at] as number));
  return quantile(shares, 0.5).toFixed(2);
}
