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
    when c.closed_at is not null then 'not_open'
    when c.state = 'proposed' then 'awaits_approval'
    when p_decision is null or p_decision <> all (
      array['accept_observed', 'keep_existing', 'not_same_person', 'merge_into', 'accept_receiver_key', 'erase_member',
        'freeze_snapshot']) then 'unknown_decision'
    when p_decision <> all (private.decisions_of_case(c.kind, c.member_id, c.other_member_id, c.candidates, c.observation_id))
      then 'decision_not_applicable'
    else private.why_not_decide(c, o, p_decision::registry.decision)
  end
$$;
comment on function private.why_not_resolve is 'In: a locked case (null: not visible), its evidence (private.evidence_of_case), the decision, the version the coordinator saw. Out: code of the refusal, null: go ahead.';
