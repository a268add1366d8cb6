-- The member has answered. The consent, or its refusal, is stored while the login is still the member's; with a consent comes the
-- number, and the observation that waited for it is decided: one login stays one observation. Where capturing was switched off
-- meanwhile the answer is kept, which the member gave in good faith, and the number is not. What the answer may touch is locked in the
-- common order: number, member; an observation's row after its member, because a merge moves observations while it holds their members.
create or replace function login.record_consent(
  inout observation_id uuid, given boolean, evidence jsonb,
  personnummer_index text default null, personnummer_sealed text default null, personnummer_masked text default null,
  personnummer_index_previous text[] default null,
  out outcome text, out member_id uuid
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
as $$
declare
  o registry.observations;
  v_stored boolean;
  v_judged private.judgement;
begin
  select known.* into o from registry.observations as known where known.id = record_consent.observation_id;
  if not found then
    raise exception 'There is no such observation.' using errcode = 'PN004';
  end if;
  perform private.lock_number(o.organization_id, record_consent.personnummer_masked) where record_consent.personnummer_masked is not null;
  perform from registry.members as m where m.id = o.member_id for no key update;
  -- Once more: meanwhile the login may have been excluded from the member, or the answer stored.
  select known.* into o from registry.observations as known where known.id = record_consent.observation_id for update;
  if o.absent_reason = 'not_consented' and private.linked_member(o) is not distinct from o.member_id and private.needs_consent(o) then
    v_stored := private.store_consent(o, coalesce(record_consent.given, false), record_consent.evidence);
  end if;
  if v_stored and record_consent.given and record_consent.personnummer_index is not null
    and (select g.capture from registry.organizations as g where g.id = o.organization_id) then
    o.absent_reason := null;
    o.personnummer_index := record_consent.personnummer_index;
    o.personnummer_index_previous := coalesce(record_consent.personnummer_index_previous, '{}');
    o.personnummer_sealed := record_consent.personnummer_sealed;
    o.personnummer_masked := record_consent.personnummer_masked;
    v_judged := private.judge_number(o);
    o.outcome := v_judged.outcome;
    o.settled_at := clock_timestamp();
    perform private.act_on_outcome(o, v_judged.other_member_id, null);
    perform private.store_decision(o);
  end if;
  observation_id := o.id;
  outcome := o.outcome;
  member_id := o.member_id;
end
$$;
comment on function login.record_consent is 'In: an observation that waits for consent, the answer, the evidence (who asked, in which words; never a number), and the number if it was given. Out: like login.record_observation. A second answer changes nothing, nor does one for a login that is not the member''s any more.';
grant execute on function login.record_consent to auth_callback;
