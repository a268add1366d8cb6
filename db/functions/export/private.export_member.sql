-- A coordinator hands out what the organisation stores about one of its members.
create or replace function private.export_member(p_member_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  select known.* into m from registry.members as known
  where known.id = p_member_id and known.organization_id = any (private.coordinator_organizations());
  if m.id is null then
    return private.refuse('export_member', 'not_found', p_member_id);
  end if;
  return private.export_record(m, 'coordinator');
end
$$;
comment on function private.export_member is 'See api.export_member.';
grant execute on function private.export_member to authenticated;
