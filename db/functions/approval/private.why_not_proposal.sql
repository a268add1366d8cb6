-- Whoever approves, declines or withdraws must have seen the proposal that there is.
create or replace function private.why_not_proposal(c registry.conflicts, p_expected_version integer)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when c.id is null then 'not_found'
    when p_expected_version is distinct from c.version then 'stale_version'
    when c.state <> 'proposed' then 'not_proposed'
  end
$$;
comment on function private.why_not_proposal is 'In: a locked case (null: not visible), the version that the coordinator saw. Out: code of the refusal, null: there is such a proposal.';
