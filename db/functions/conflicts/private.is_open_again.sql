-- Whether what a closed case asked is asked by an open one already. A mismatch is the same one whoever else has the number by now.
create or replace function private.is_open_again(c registry.conflicts)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
      select from registry.conflicts as other
      where other.organization_id = c.organization_id and other.fingerprint = c.fingerprint and other.state = 'open')
    or exists (
      select from registry.conflicts as other
      where other.organization_id = c.organization_id and other.member_id = c.member_id and other.kind = c.kind and other.state = 'open'
        and c.kind in ('mismatch', 'drift')
        and (other.personnummer_index || other.personnummer_index_previous) && (c.personnummer_index || c.personnummer_index_previous))
$$;
comment on function private.is_open_again is 'In: a closed case. Out: whether another case about the same disagreement is open.';
