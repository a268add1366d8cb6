-- The reason for an erasure: something, with nothing in it that tells who.
create or replace function private.why_not_reason(p_member_id uuid, p_reason text)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when private.says_nothing(p_reason) then 'text_missing'
    when private.why_not_note(p_reason) is not null then private.why_not_note(p_reason)
    when exists (
      select from registry.members as m where m.id = any (private.family_of(p_member_id)) and private.names_person(p_reason, m))
      then 'person_in_reason'
  end
$$;
comment on function private.why_not_reason is 'In: a member, the reason to erase the person. Out: code of the refusal, null: go ahead.';
