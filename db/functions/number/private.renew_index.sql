-- While the index key is rotated, records carry the old key's index until their member logs in. The number is the same, so
-- the record takes the new index (and the newly sealed form) without any of it counting as a change of the number. So do its pushes:
-- those that can still run would be taken for obsolete with the old index, and of the others it is known what was sent.
create or replace function private.renew_index(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from registry.members as m
                 where m.id = p_observation.member_id and m.personnummer_index = any (p_observation.personnummer_index_previous)) then
    return;
  end if;
  update registry.members
  set personnummer_index = p_observation.personnummer_index, personnummer_sealed = p_observation.personnummer_sealed
  where id = p_observation.member_id;
  update sync.pushes set personnummer_index = p_observation.personnummer_index
  where organization_id = p_observation.organization_id and member_id = p_observation.member_id
    and personnummer_index = any (p_observation.personnummer_index_previous);
  perform private.record_event('index_renewed', p_observation.source::text, p_observation.organization_id,
    'The index of the recorded number was renewed under the current key.',
    p_member_id => p_observation.member_id, p_observation_id => p_observation.id);
end
$$;
comment on function private.renew_index is 'In: a confirmed observation. Gives the record the index of the current key version, if it has an older one.';
