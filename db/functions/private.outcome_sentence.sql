-- One sentence for the audit. Mission document 1 asks for the words 'confirmed, no change'.
create or replace function private.outcome_sentence(p_observation registry.observations)
returns text
language sql immutable
set search_path = ''
as $$
  select case p_observation.outcome
    when 'filled' then format('The missing personnummer was filled with %s from %s.', p_observation.personnummer_masked, p_observation.source)
    when 'confirmed' then format('confirmed, no change: %s brought the recorded personnummer %s.', p_observation.source, p_observation.personnummer_masked)
    when 'conflict' then format('The record has another personnummer than %s brought (%s); the record was left as it is.', p_observation.source, p_observation.personnummer_masked)
    when 'duplicate' then format('Another member of the organisation has the personnummer that %s brought (%s); nothing was overwritten.', p_observation.source, p_observation.personnummer_masked)
    when 'absent' then format('Ordinary login by %s without a personnummer to store (%s).', p_observation.source, replace(p_observation.absent_reason::text, '_', ' '))
    when 'unlinked' then format('No member matches the login by %s.', p_observation.source)
    when 'ambiguous' then format('The login by %s points at members without proving to be one of them; none was chosen.', p_observation.source)
    when 'name_mismatch' then format('A member matches the login by %s, but name or birth date disagrees; they were not linked.', p_observation.source)
    when 'deferred' then format('The login by %s could not be matched (SQLSTATE %s); it will be processed again.', p_observation.source, p_observation.deferred_sqlstate)
  end
$$;
comment on function private.outcome_sentence is 'In: a decided observation. Out: one sentence for people, the number masked.';
