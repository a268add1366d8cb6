-- A login that was to be linked and whose code nobody redeemed in time may be by somebody who was talked into it. Its number and contact
-- data go with the next minute, not by night.
create or replace function private.erase_proposals(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select p.observation_id from registry.link_proposals as p
    where p.proposed_at < now() - interval '1 minute'
      and coalesce(p.code_expires_at, p.proposed_at + interval '15 minutes') < now()
    order by p.proposed_at limit p_most for update skip locked);
begin
  delete from registry.link_proposals as p where p.observation_id = any (v_due);
  perform private.erase_proposed(o) from registry.observations as o where o.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_proposals is 'In: how many at most. Out: how many logins that were to be linked lost what they had brought, because nobody redeemed them.';
