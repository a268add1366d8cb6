-- The member system has removed the number of an erased record, or a coordinator has closed the case about it: nothing is left to tell it, so the
-- member number goes too. When that is so of all records of the person, the erasure says so.
create or replace function private.forget_external_id(p_member_id uuid)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_erasure_id constant uuid := (select m.erasure_id from registry.members as m where m.id = p_member_id and m.erased_at is not null);
begin
  perform from audit.erasures as e where e.id = v_erasure_id for update;
  update registry.members as m set external_id = null where m.id = p_member_id and m.erasure_id = v_erasure_id;
  update audit.erasures as e set removal = 'delivered', removed_at = clock_timestamp()
  where e.id = v_erasure_id and e.removal = 'queued'
    and not exists (select from registry.members as m where m.erasure_id = e.id and m.external_id is not null);
end
$$;
comment on function private.forget_external_id is 'In: a member. Takes the member number out of its record, if it is erased.';
