-- Everything that happened to one member, in order, for DBAs: also what happened before two records were merged.
create or replace function audit.member_timeline(member_id uuid)
returns table (
  occurred_at timestamptz, event text, source text, actor text, message text,
  observation_id uuid, conflict_id uuid, push_id uuid, detail jsonb, event_id bigint
)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive records(id) as (
    select member_timeline.member_id
    union
    select m.member_id from audit.events as m join records as r on m.event = 'members_merged' and m.detail ->> 'survivor' = r.id::text
  )
  select e.occurred_at, e.event, e.source, e.actor, e.message, e.observation_id, e.conflict_id, e.push_id, e.detail, e.id
  from audit.events as e
  where e.member_id in (select r.id from records as r)
  order by e.occurred_at, e.id
$$;
comment on function audit.member_timeline is 'In: a member. Out: every event about it and about records merged into it, oldest first.';
grant execute on function audit.member_timeline to auditor;
