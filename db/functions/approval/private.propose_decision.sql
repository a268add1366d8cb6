-- One coordinator proposes; nothing changes but the case, which waits for another one.
create or replace function private.propose_decision(
  p_conflict registry.conflicts, p_decision registry.decision, p_note text, p_member_id uuid default null
)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts := p_conflict;
begin
  c.proposal.decision := p_decision;
  c.proposal.by := private.actor();
  c.proposal.at := clock_timestamp();
  c.proposal.note := p_note;
  c.proposal.version := c.version + 1;
  c.proposal.member_id := p_member_id;
  c.proposal.evidence := private.digest_evidence(c.id, p_member_id);
  update registry.conflicts set state = 'proposed', proposal = c.proposal, version = version + 1
  where id = c.id
  returning * into c;
  perform private.keep_assignment(c.id);
  perform private.record_proposal_event('decision_proposed', c, format('A coordinator proposed a decision; another is to approve it: %s.',
    replace(p_decision::text, '_', ' ')));
  return private.describe_case(c);
end
$$;
comment on function private.propose_decision is 'In: a locked open case, the decision, the note, for link_login the member. Out: the case, for the caller.';
