-- The rows of the records stay as a mark, for the rows that refer to them, with nothing of the person in them. The member number stays as long
-- as the member system has to be told by it (private.erase_pushes).
create or replace function private.erase_records(p private.person, p_erasure_id uuid)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_records integer;
begin
  perform private.write_numbers(p.member_ids, null);
  update registry.members as m
  set given_name = null, family_name = null, birth_date = null, email = null, phone = null, user_id = gen_random_uuid(),
      erasure_id = p_erasure_id, erased_at = clock_timestamp()
  where m.id = any (p.member_ids);
  get diagnostics v_records = row_count;
  delete from registry.member_search as s where s.organization_id = p.organization_id and s.member_id = any (p.member_ids);
  return jsonb_build_object('registry.members', v_records);
end
$$;
comment on function private.erase_records is 'In: a locked person, the erasure. Out: how many rows, by table.';
