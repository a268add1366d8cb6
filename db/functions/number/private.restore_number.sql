-- A record gets a number it did not bring in itself: the one it had before, none, or that of a record merged into it. The member
-- system hears of it.
create or replace function private.restore_number(
  c registry.conflicts, p_number jsonb, p_event text default 'number_restored',
  p_message text default 'The record has the personnummer again that it had before the decision (%s).'
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_id constant uuid := (p_number ->> 'member_id')::uuid;
begin
  update registry.members
  set personnummer_index = p_number ->> 'index', personnummer_sealed = p_number ->> 'sealed', personnummer_masked = p_number ->> 'masked',
      personnummer_source = (p_number ->> 'source')::registry.source, personnummer_at = (p_number ->> 'at')::timestamptz
  where id = v_member_id;
  perform private.close_obsolete_cases(c.organization_id, array[v_member_id], 'coordinator', c.id);
  perform private.record_event(p_event, 'coordinator', c.organization_id, format(p_message, coalesce(p_number ->> 'masked', 'none')),
    p_member_id => v_member_id, p_conflict_id => c.id, p_push_id => private.queue_push(v_member_id, p_decided => true));
end
$$;
comment on function private.restore_number is 'In: a case, a number in its stored forms with the member''s id, event and sentence. Writes it and queues the push.';
