-- The reasons for which a decision is refused, in the order in which a person would want to hear them. docs/error-codes.md
-- lists the codes.
create or replace function private.why_not_resolve(
  c registry.conflicts, o registry.observations, p_decision text, p_expected_version integer
)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when c.id is null then 'not_found'
    when p_expected_version is distinct from c.version then 'stale_version'
    when c.state <> 'open' then 'not_open'
    when p_decision is null or p_decision <> all (array['accept_observed', 'keep_existing', 'not_same_person', 'merge_into']) then 'unknown_decision'
    when not private.decision_applies(c, p_decision) then 'decision_not_applicable'
    when p_decision in ('accept_observed', 'merge_into') and exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id]) and m.merged_into is not null) then 'member_merged'
    when p_decision in ('accept_observed', 'merge_into') and private.is_obsolete(c, o) or p_decision = 'merge_into' and exists (
      select from registry.members as other
      where other.id = c.other_member_id and c.kind = 'mismatch' and o.personnummer_index is not null
        and not private.has_number(other, private.number_of(o))) then 'evidence_changed'
    when p_decision = 'accept_observed' and c.kind = 'mismatch'
      and not (select g.capture from registry.organizations as g where g.id = c.organization_id) then 'capture_off'
    when p_decision = 'accept_observed' and c.kind = 'mismatch' and exists (
      select from registry.members as m
      where m.organization_id = c.organization_id and m.id <> c.member_id
        and m.personnummer_index = any (o.personnummer_index || o.personnummer_index_previous)) then 'number_taken'
  end
$$;
comment on function private.why_not_resolve is 'In: a locked case (null: not visible), its evidence (private.evidence_of_case), the decision, the version the coordinator saw. Out: code of the refusal, null: go ahead.';
