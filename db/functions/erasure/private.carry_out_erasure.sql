-- Erasing a person, from the first lock to the last row, in one transaction. What was said in the audit goes before what is said about the
-- erasure itself; the records go last but for the pushes, which tell the member system that the number is gone. That nothing is left is looked
-- at through the catalog (private.remains_of): what somebody adds and forgets here ends in a failure, not in silence.
create or replace function private.carry_out_erasure(p_erasure_id uuid)
returns audit.erasures
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  e audit.erasures;
  p private.person;
  v_member_ids uuid[];
  v_counts jsonb;
  v_remains text;
begin
  select known.* into e from audit.erasures as known where known.id = p_erasure_id;
  v_member_ids := array(select r.member_id from audit.erased_records as r where r.erasure_id = e.id order by r.member_id);
  perform private.lock_person(private.find_person(e.organization_id, v_member_ids));
  select known.* into e from audit.erasures as known where known.id = p_erasure_id for update;
  if e.state is distinct from 'announced' then
    return e;
  end if;
  p := private.find_person(e.organization_id, v_member_ids); -- once more, now that nothing comes between
  v_counts := private.erase_events(p) || private.erase_cases(p) || private.erase_logins(p) || private.erase_imported(p)
    || private.erase_membership(p);
  v_counts := v_counts || private.erase_records(p, e.id) || private.erase_pushes(p)
    || jsonb_build_object('billing.invoices', billing.cancel_of_erased(p.organization_id, p.member_ids));
  v_remains := array_to_string(private.remains_of(p), ', ');
  if v_remains is not null then
    raise exception 'Something of the person would be left: %.', v_remains using errcode = 'PN011';
  end if;
  update audit.erasures as u
  set state = 'erased', erased_at = clock_timestamp(), counts = v_counts,
      removal = case when exists (select from registry.members as m where m.id = any (p.member_ids) and m.external_id is not null)
        then 'queued' else 'not_needed' end::audit.removal_state
  where u.id = e.id returning u.* into e;
  perform private.record_event('member_erased', 'worker', e.organization_id, 'The person was erased.', p_member_id => e.member_id,
    p_detail => jsonb_build_object('erasure_id', e.id, 'counts', v_counts, 'removal', e.removal, 'digest', private.digest_erasure(e)));
  return e;
end
$$;
comment on function private.carry_out_erasure is 'In: an announced erasure. Out: the erasure, carried out; one that was carried out before is left alone. Raises PN011 where something would be left.';
