-- The receipt is given out once, and then it is only known here by its digest.
create or replace function private.give_receipt(p_erasure_id uuid, p_source text)
returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  e audit.erasures;
  v_receipt text;
begin
  delete from registry.erasure_receipts as r where r.erasure_id = p_erasure_id returning r.receipt into v_receipt;
  if v_receipt is not null then
    update audit.erasures as known set receipt_given_at = clock_timestamp(), receipt_given_to = private.actor()
    where known.id = p_erasure_id returning known.* into e;
    perform private.record_event('erasure_receipt_given', p_source, e.organization_id, 'The receipt of the erasure was given out.',
      p_member_id => e.member_id, p_detail => jsonb_build_object('erasure_id', e.id));
  end if;
  return v_receipt;
end
$$;
comment on function private.give_receipt is 'In: an erasure, audit source. Out: its receipt (a compact JWS), given out now; null: it was given before, or is not there yet.';
