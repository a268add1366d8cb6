-- The records to compare with a member system, a page at a time. Left out: what is on its way, what failed (there is a case), what was
-- cancelled because consent was withdrawn (it is not to arrive), and records without a number that never had one sent.
create or replace function worker.drift_page(organization text, after uuid, most integer)
returns table (
  member_id uuid, organization_id uuid, external_id text, personnummer_index text, sent boolean, sent_index text, has_case boolean,
  member_system jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select m.id, m.organization_id, m.external_id, m.personnummer_index, p.id is not null, p.personnummer_index,
    exists (select from registry.conflicts as c
            where c.organization_id = m.organization_id and c.member_id = m.id and c.kind = 'drift' and c.closed_at is null),
    to_jsonb(s)
  from registry.organizations as g
  join sync.member_systems as s on s.organization_id = g.id
  join registry.members as m on m.organization_id = g.id and m.merged_into is null and m.erased_at is null
  left join lateral (
    select known.id, known.state, known.personnummer_index from sync.pushes as known
    where known.organization_id = m.organization_id and known.member_id = m.id and known.state <> 'superseded'
    order by known.created_at desc limit 1
  ) as p on true
  where g.slug = drift_page.organization and (drift_page.after is null or m.id > drift_page.after)
    and coalesce(p.state = 'delivered', m.personnummer_index is not null)
  order by m.id limit least(drift_page.most, 1000)
$$;
comment on function worker.drift_page is 'In: an organisation (slug), the member after which to go on (null: from the first), most rows. Out: what is recorded and what was sent last, by index, with the member system; has_case: a difference was found before.';
grant execute on function worker.drift_page to sync_worker;
