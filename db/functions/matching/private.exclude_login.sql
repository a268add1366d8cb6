-- The login is not this member. The link goes, sessions that began with it end, and the match rules will never again propose
-- the member for this login.
create or replace function private.exclude_login(c registry.conflicts, o registry.observations)
returns registry.before_decision
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_not constant uuid[] := case when c.member_id is null then c.candidates else array[c.member_id] end;
  v_linked constant uuid := private.linked_member(o);
  v_before registry.before_decision;
begin
  if v_linked = any (v_not) then
    v_before.link_before := v_linked;
    perform private.remove_link(o, v_linked, 'A coordinator found that the login is not the member''s.', c.id);
  end if;
  with added as (
    insert into registry.excluded_links (organization_id, issuer, subject, member_id)
    select o.organization_id, o.issuer, o.subject, m.id from unnest(v_not) as m(id)
    on conflict do nothing
    returning member_id
  )
  select array_agg(member_id) into v_before.excluded from added;
  return v_before;
end
$$;
comment on function private.exclude_login is 'In: a locked case, its login. Out: the state before. Excludes the login from the member, or from every candidate, for good.';
