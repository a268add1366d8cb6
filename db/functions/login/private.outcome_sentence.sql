-- One sentence for the audit. The words 'confirmed, no change' are promised to auditors (docs/audit-explained.md).
create or replace function private.outcome_sentence(p_observation registry.observations)
returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format(
    case p_observation.outcome
      when 'filled' then 'The missing personnummer was filled with %2$s from %1$s.'
      when 'confirmed' then 'confirmed, no change: %1$s brought the recorded personnummer %2$s.'
      when 'conflict' then 'The record has another personnummer than %1$s brought (%2$s); the record was left as it is.'
      when 'duplicate' then 'Another member of the organisation has the personnummer that %1$s brought (%2$s); nothing was overwritten.'
      when 'absent' then 'Ordinary login by %1$s without a personnummer to store (%3$s).'
      when 'unlinked' then 'No member matches the login by %1$s.'
      when 'ambiguous' then 'The login by %1$s points at members without proving to be one of them; none was chosen.'
      when 'name_mismatch' then 'A member matches the login by %1$s, but name or birth date disagrees; they were not linked.'
      when 'proposed' then 'A login by %1$s was proposed to be linked; nothing was compared or written.'
      when 'deferred' then 'The login by %1$s could not be matched (SQLSTATE %4$s); it will be processed again.'
    end,
    p_observation.source, p_observation.personnummer_masked, replace(p_observation.absent_reason::text, '_', ' '),
    p_observation.deferred_sqlstate);
end
$$;
comment on function private.outcome_sentence is 'In: a decided observation. Out: one sentence for people, the number masked.';
