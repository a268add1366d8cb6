-- Which decisions make sense for which kind of case. A case that an import opened is about records only: no login could be
-- excluded from anybody.
create or replace function private.decision_applies(c registry.conflicts, p_decision text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_decision = 'keep_existing' or (p_decision <> 'not_same_person' or c.observation_id is not null) and case c.kind
    when 'mismatch' then p_decision in ('accept_observed', 'not_same_person') or c.other_member_id is not null
    when 'duplicate' then p_decision in ('not_same_person', 'merge_into')
    when 'ambiguous' then p_decision = 'not_same_person' or (p_decision = 'accept_observed' and cardinality(c.candidates) = 1)
    when 'name_mismatch' then p_decision in ('accept_observed', 'not_same_person')
    when 'subject_moved' then true
    when 'inconsistent' then p_decision = 'not_same_person' and c.member_id is not null
    when 'consent_revoked' then false
    when 'push_failed' then false
    when 'member_system' then false
    when 'drift' then false
  end
$$;
comment on function private.decision_applies is 'In: a case, a decision. Out: whether that decision can be made of it.';
