-- What stands against a decision in the records and the login themselves: asked when it is made or proposed, and again when it is approved.
create or replace function private.why_not_decide(c registry.conflicts, o registry.observations, p_decision registry.decision)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_decision <> 'keep_existing' and exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id, (c.proposal).member_id])
        and m.erasure_id is not null) then 'member_erased'
    when p_decision = 'link_login' and private.linked_member(o) is not null then 'already_linked'
    when p_decision in ('accept_observed', 'merge_into', 'link_login') and exists (
      select from registry.members as m
      where m.id = any (c.candidates || array[c.member_id, c.other_member_id, (c.proposal).member_id])
        and m.merged_into is not null) then 'member_merged'
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
comment on function private.why_not_decide is 'In: a locked case, its evidence (private.evidence_of_case), a decision that can be made of its kind. Out: code of the refusal, null: go ahead.';
