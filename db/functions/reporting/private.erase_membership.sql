-- Counts stay, persons go: what was frozen keeps its figures, and its list says that somebody who counted was erased.
create or replace function private.erase_membership(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_residences integer;
  v_memberships integer;
  v_dues integer;
  v_persons integer;
begin
  delete from reporting.residences as k where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_residences = row_count;
  delete from reporting.memberships as k where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_memberships = row_count;
  delete from reporting.dues as k where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_dues = row_count;
  update reporting.snapshot_persons as k
  set name = null, address = null, postal_code = null, municipality = null, county = null, chapter = null, birth_year = null, paid_on = null,
      amount = null, probable_group = null, erased_at = clock_timestamp()
  where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_persons = row_count;
  return jsonb_build_object('reporting.residences', v_residences, 'reporting.memberships', v_memberships, 'reporting.dues', v_dues,
    'reporting.snapshot_persons', v_persons);
end
$$;
comment on function private.erase_membership is 'In: a locked person. Out: how many rows, by table.';
