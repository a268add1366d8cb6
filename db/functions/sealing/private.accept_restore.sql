-- A restored backup lacks what was sealed after it was made, and whoever has seen more will say so. Somebody who knows that it was restored says
-- it here, once: the audit goes on in a new epoch, and for everybody to read it names the last checkpoint that was lost.
create or replace function private.accept_restore(p_lost_checkpoint text)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_size bigint;
  v_epoch integer;
begin
  perform audit.lock_sealing();
  v_size := private.sealed_size();
  v_epoch := audit.begin_epoch('restore_accepted', v_size, p_lost_checkpoint);
  perform private.record_event('restore_accepted', 'operator', null,
    'A restored backup was accepted: the audit goes on after ' || v_size || ' sealed events, in epoch ' || v_epoch || '.',
    p_detail => jsonb_strip_nulls(jsonb_build_object('epoch', v_epoch, 'sealed', v_size, 'lost', p_lost_checkpoint)));
  return v_epoch;
end
$$;
comment on function private.accept_restore is 'In: the newest checkpoint that shows what is lost; null where nobody has one. Out: the new epoch.';
