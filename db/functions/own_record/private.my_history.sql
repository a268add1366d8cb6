-- What happened to the member's own record, in sentences written for the member. The audit's own sentences and details are for coordinators: they
-- may name other records, and coordinators' work on a case is theirs (private.member_sentences says which events members see). Of a record that
-- was merged into this one nothing is shown: a merge can be wrong, and taken back.
create or replace function private.my_history()
returns table (occurred_at timestamptz, event text, source text, message text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.occurred_at, s.event, e.source, s.message
  from audit.events as e
  join private.member_sentences() as s on s.event = e.event
  where e.member_id = (select private.calling_member())
$$;
comment on function private.my_history is 'See api.my_history.';
grant execute on function private.my_history to authenticated; -- called by the view
