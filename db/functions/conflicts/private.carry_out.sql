-- A decision takes effect: at once, or when it is approved. One transaction: record, case, push and audit change together. The case closes
-- inside the block too: that proposer and approver are two people is said by a constraint, and then nothing has happened.
create or replace function private.carry_out(c registry.conflicts, o registry.observations, p_decision registry.decision, p_note text)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before registry.before_decision;
  v_constraint text;
begin
  case p_decision
    when 'accept_observed' then v_before := private.accept_observed(c, o);
    when 'not_same_person' then v_before := private.exclude_login(c, o);
    when 'merge_into' then v_before := private.merge_members(c);
    when 'accept_receiver_key' then perform private.set_receiver_key(c);
    when 'erase_member' then perform private.announce_erasure(c.member_id, p_note, 'coordinator', coalesce((c.proposal).by, private.actor()),
      case when (c.proposal).by is not null then private.actor() end, c.id);
    when 'freeze_snapshot' then perform private.freeze_snapshot(c);
    when 'link_login' then
      perform private.carry_out_link(o, (c.proposal).member_id, p_note, c);
      return (select private.describe_case(known) from registry.conflicts as known where known.id = c.id);
    else null; -- keep_existing changes nothing, and is remembered by the case itself
  end case;
  return private.close_case(c, p_decision, p_note, v_before);
exception
  when unique_violation then -- an import that moves thousands of numbers gave this one to somebody at this moment
    return private.refusal('number_taken');
  when check_violation then
    get stacked diagnostics v_constraint = constraint_name;
    if v_constraint not in ('conflicts_two_people', 'erasures_two_people', 'snapshots_two_people') then
      raise;
    end if;
    return private.refusal('own_proposal');
end
$$;
comment on function private.carry_out is 'In: a locked case, its evidence, a decision that nothing stands against, the note. Out: the settled case, or a refusal, which the caller audits.';
