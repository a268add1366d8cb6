import type { TestDatabase } from '../../support/database.ts';

/** What others are still making in schema `api`; this file goes when it is there. */
export async function addAwaited({ pool }: TestDatabase): Promise<void> {
  const { rows } = await pool.query(
    "select to_regclass('api.my_profile') is null as profile, to_regclass('api.conflict_counts') is null as counts",
  );
  if (rows[0].profile)
    await pool.query(`
      create view api.my_profile as
      select c.user_id, g.slug as organization, g.name as organization_name, left(c.user_id::text, 8) as name, null::text as language
      from registry.coordinators as c join registry.organizations as g on g.id = c.organization_id
      where c.user_id::text = current_setting('request.jwt.claims', true)::jsonb ->> 'sub';
      grant select on api.my_profile to authenticated`);
  if (rows[0].counts)
    await pool.query(`
      create view api.conflict_counts as
      select g.slug as organization, c.kind, count(*)::int as open, 0 as postponed, 0 as proposed, 0 as mine, min(c.opened_at) as oldest
      from registry.conflicts as c join registry.organizations as g on g.id = c.organization_id
      where c.state = 'open' and c.organization_id = any (private.coordinator_organizations()) group by g.slug, c.kind;
      grant select on api.conflict_counts to authenticated`);
}
