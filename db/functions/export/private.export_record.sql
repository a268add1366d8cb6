-- Both ways to an export: it is written down that somebody took one, with what came out of how many rows, before the rows are handed out.
create or replace function private.export_record(m registry.members, p_source text)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p constant private.person := private.find_person(m.organization_id, private.family_of(m.id));
  v_export jsonb := private.export_person(p);
begin
  perform private.record_repeatable(concat_ws(' ', private.actor(), m.id), 'member_exported', p_source, m.organization_id,
    'Everything stored about the member was taken out.', p_member_id => m.id,
    p_detail => jsonb_build_object('records', cardinality(p.member_ids)));
  return jsonb_build_object('organization', (select g.slug from registry.organizations as g where g.id = m.organization_id),
    'member_id', m.id, 'member_external_id', m.external_id) || v_export;
end
$$;
comment on function private.export_record is 'In: a member, audit source. Out: everything stored about that person, all merged records included (private.export_person). Appends the audit event, or counts it.';
