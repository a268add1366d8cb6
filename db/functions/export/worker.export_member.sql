-- The operator's way: npm run member:export. The worker has the keys: it can hand the number out sealed for whoever asks.
create or replace function worker.export_member(organization text, external_id text)
returns table (export jsonb, numbers jsonb)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  m registry.members;
begin
  select known.* into m from registry.members as known join registry.organizations as g on g.id = known.organization_id
  where g.slug = export_member.organization and known.external_id = export_member.external_id;
  if m.id is null then
    return;
  end if;
  export := private.export_record(m, 'operator');
  numbers := coalesce((
    select jsonb_agg(jsonb_build_object('member_id', r.id, 'organization_id', r.organization_id,
      'personnummer_sealed', r.personnummer_sealed, 'personnummer_index', r.personnummer_index))
    from registry.members as r where r.id = any (private.family_of(m.id)) and r.personnummer_index is not null), '[]');
  return next;
end
$$;
comment on function worker.export_member is 'In: an organisation (slug), a member number. Out: as api.export_member, and the recorded numbers of the person, sealed, each with its index and record; no row: there is no such member.';
grant execute on function worker.export_member to sync_worker;
