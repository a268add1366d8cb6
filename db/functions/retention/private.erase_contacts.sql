-- Contact claims help to find the member of a login, and have served once it is settled. Organisation by organisation, so that
-- only what is due is looked at; and chosen first, then updated by id: in one statement the planner, who cannot know how many
-- "most" are, reads the whole table to join them.
create or replace function private.erase_contacts(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select due.id from registry.organizations as g
    cross join lateral (
      select o.id from registry.observations as o
      where o.organization_id = g.id and o.contact_erased_at is null and o.settled_at is not null and o.received_at < now() - g.contact_retention
        and not private.is_evidence(o.id)
      order by o.received_at limit p_most for update skip locked) as due
    limit p_most);
begin
  update registry.observations as o
  set given_name = null, family_name = null, birth_date = null, phone = null, email = null, traceparent = null,
      contact_erased_at = clock_timestamp()
  where o.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_contacts is 'In: how many at most. Out: how many observations lost their contact claims, and the mark that joins them to a trace, because the organisation''s time for them is over.';
