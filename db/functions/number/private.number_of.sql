-- A record's number in all its stored forms, kept with a decision so that it can be taken back.
create or replace function private.number_of(p_member_id uuid)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('member_id', m.id, 'index', m.personnummer_index, 'sealed', m.personnummer_sealed,
    'masked', m.personnummer_masked, 'source', m.personnummer_source, 'at', m.personnummer_at)
  from registry.members as m where m.id = p_member_id
$$;
comment on function private.number_of is 'In: a member. Out: index, sealed and masked number, source and time.';
