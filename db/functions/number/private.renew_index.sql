-- While the index key is rotated, records carry the old key's index until their member logs in. The number is the same, so
-- the record takes the new index (and the newly sealed form) without any of it counting as a change of the number. So do its pushes:
-- those that can still run would be taken for obsolete with the old index, and of the others it is known what was sent.
create or replace function private.renew_index(o registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number registry.number := private.recorded_number(o.member_id);
begin
  if v_number.index = any (o.personnummer_index_previous) is not true then
    return;
  end if;
  v_number.index := o.personnummer_index;
  v_number.sealed := o.personnummer_sealed;
  perform private.write_numbers(array[o.member_id], array[v_number]);
  update sync.pushes set personnummer_index = o.personnummer_index
  where organization_id = o.organization_id and member_id = o.member_id and personnummer_index = any (o.personnummer_index_previous);
  perform private.record_event('index_renewed', o.source::text, o.organization_id,
    'The index of the recorded number was renewed under the current key.',
    p_member_id => o.member_id, p_observation_id => o.id);
end
$$;
comment on function private.renew_index is 'In: a confirmed observation. Gives the record the index of the current key version, if it has an older one.';
