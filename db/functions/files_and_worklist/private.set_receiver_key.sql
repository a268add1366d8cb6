-- From now on files, and numbers on the worklist, are sealed for this key; what waits is sealed again (private.tg_member_systems__seal_anew).
create or replace function private.set_receiver_key(c registry.conflicts)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update sync.member_systems as s set receiver_key = c.detail -> 'public_jwk' where s.organization_id = c.organization_id;
  perform private.record_event('receiver_key_accepted', 'coordinator', c.organization_id,
    'The organisation has another key, for which numbers on the worklist and files are sealed.',
    p_conflict_id => c.id, p_detail => jsonb_build_object('fingerprint', c.detail ->> 'fingerprint'));
end
$$;
comment on function private.set_receiver_key is 'In: a locked case of kind receiver_key. Gives the organisation''s member system that key.';
