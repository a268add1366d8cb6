-- A proposal, not in force: try it with `npm run linkage -- --rules linkage/proposed/contact-name-and-birth-date.sql`.
-- 1. One verified phone or e-mail address, the whole name and the birth date agree on exactly one record: that is the member, whatever
--    else phone or address point at (an address given up, a family's phone). Two such records are one person's, or twins': a case.
-- 2. A record that only phone or address point at, with another name and another birth date, is somebody else's (family, or who had
--    the phone before): nobody is asked about it.
-- 3. By the number alone, where only part of the name agrees, the record's birth date has to be known and to be the number's own.
create or replace function private.choose_member(p_candidates private.candidate[])
returns private.match_result
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_candidates constant private.candidate[] := array(
    select c from unnest(p_candidates) as c
    where c.by_number or (c.name = 'none' and c.birth_date_agrees is false) is not true);
  v_number private.candidate;
  v_contact private.candidate;
  v_contacts integer;
  v_sure private.candidate[];
  v_match_rule text;
begin
  select c.* into v_number from unnest(v_candidates) as c where c.by_number;
  v_sure := array(
    select c from unnest(v_candidates) as c
    where (c.by_phone or c.by_email) and c.name = 'full' and c.birth_date_agrees);
  select count(*) into v_contacts from unnest(v_candidates) as c where c.by_phone or c.by_email;
  select c.* into v_contact from unnest(v_candidates) as c where c.by_phone or c.by_email;
  if cardinality(v_sure) = 1 then
    v_contact := v_sure[1];
    v_match_rule := case
      when v_contact.by_phone and v_contact.by_email then 'phone_and_email'
      when v_contact.by_phone then 'phone_and_birth_date'
      else 'email_and_birth_date'
    end;
  elsif v_contacts = 1 and v_contact.by_phone and v_contact.by_email then
    v_match_rule := 'phone_and_email';
  end if;
  if v_number.member_id is not null
    and (v_match_rule = 'phone_and_email' and v_contact.name = 'full' and v_contact.birth_date_agrees is not false) is not true then
    return private.match_result('number', v_number,
      v_number.name is not distinct from 'full' or v_number.name is null
        or v_number.name = 'partial' and v_number.born_as_number_says is true, v_candidates);
  elsif v_match_rule is not null then
    return private.match_result(v_match_rule, v_contact, private.is_same_person(v_contact), v_candidates);
  end if;
  return private.match_result(null, null, v_contacts = 0, v_candidates);
end
$$;
