-- The match rules, as a pure function: evidence in, decision out. Linking the wrong person is the worst thing
-- this system could do, so whatever is weaker than the rules below is a case for a person, never a guess.
create or replace function private.choose_member(p_candidates private.candidate[])
returns private.match_result
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number private.candidate;  -- has the observed number; unique in the organisation
  v_contact private.candidate; -- the one that phone and e-mail point at
  v_contacts integer;
  v_match_rule text;
begin
  select c.* into v_number from unnest(p_candidates) as c where c.by_number;
  select count(*) into v_contacts from unnest(p_candidates) as c where c.by_phone or c.by_email;
  select c.* into v_contact from unnest(p_candidates) as c where c.by_phone or c.by_email;
  v_match_rule := case
    when v_contacts > 1 then null
    when v_contact.by_phone and v_contact.by_email then 'phone_and_email'
    when v_contact.by_phone and v_contact.by_email is null and v_contact.birth_date_agrees then 'phone_and_birth_date'
    when v_contact.by_email and v_contact.by_phone is null and v_contact.birth_date_agrees then 'email_and_birth_date'
  end;

  -- The number is unique, so it decides; a family's shared phone does not count against it. Only a record that phone, e-mail
  -- and name all agree on outweighs it: then the number stands on a second record of the same person, a duplicate.
  if v_number.member_id is not null
    and (v_match_rule = 'phone_and_email' and v_contact.name = 'full' and v_contact.birth_date_agrees is not false) is not true then
    -- People change their family name, so one shared word is enough here; none at all means a number on the wrong record. So does a birth
    -- date that is not the number's own, unless the whole name agrees: then one of the two was mistyped.
    return private.match_result('number', v_number,
      v_number.name is not distinct from 'full'
        or v_number.name is distinct from 'none' and v_number.born_as_number_says is not false, p_candidates);
  elsif v_match_rule is not null then
    return private.match_result(v_match_rule, v_contact, private.is_same_person(v_contact), p_candidates);
  end if;
  return private.match_result(null, null, v_contacts = 0, p_candidates);
end
$$;
comment on function private.choose_member is 'In: candidates with evidence. Out: the member, or why none can be named, and the explanation. Reads nothing.';
