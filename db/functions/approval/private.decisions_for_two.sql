-- The one predicate for two pairs of eyes. Where linking a login needs two, so does accepting one that this links: otherwise whoever proposes
-- a link, and withdraws it, has a case on which one alone may accept it. Freezing figures for a grant always needs two.
create or replace function private.decisions_for_two(p_decisions text[], p_second_approval registry.decision[], p_kind registry.conflict_kind)
returns text[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select t.decision from unnest(p_decisions) as t(decision)
    where t.decision = any (p_second_approval::text[]) or t.decision = 'freeze_snapshot'
      or t.decision = 'accept_observed' and p_kind in ('ambiguous', 'name_mismatch', 'subject_moved') and 'link_login' = any (p_second_approval));
end
$$;
comment on function private.decisions_for_two is 'In: decisions, those that the organisation lists, kind of the case (null: none). Out: the decisions that a second coordinator must approve.';
grant execute on function private.decisions_for_two to authenticated; -- called by api.open_conflicts, api.unlinked_logins and api.my_profile
