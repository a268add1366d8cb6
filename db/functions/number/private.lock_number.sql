-- "Nobody has this number yet" is no row that could be locked. Everybody about to give a number to a member of the
-- organisation meets here instead. The masked form is the same under every version of the index key, also while one is
-- being rotated; that a few people of one birth date share it costs them a moment's wait.
create or replace function private.lock_number(p_organization_id uuid, p_masked text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select pg_catalog.pg_advisory_xact_lock(
    pg_catalog.hashtextextended('personnummer ' || p_organization_id || ' ' || p_masked, 0))
$$;
comment on function private.lock_number is 'In: organisation, masked number. Waits until no other transaction is giving such a number to a member there.';
