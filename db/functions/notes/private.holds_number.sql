-- Told not to, somebody writes a personnummer into a note all the same, in one of many ways. Eleven digits in a way that people write numbers
-- (in one, 6 and 5, date with dots or strokes and 5, or one by one) are enough: with wrong control digits it is a mistyped one. Grouped in any
-- other way, or with the year in full, eleven digits may be phone numbers, amounts and times of the day beside each other: then date and control
-- digits decide. A plus begins a telephone number. Digits of every script count, and what cannot be seen does not part them.
create or replace function private.holds_number(p_text text)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text text;
  v_run text;
  v_groups text[];
  v_digits text;
begin
  -- Every audit event is asked, and nearly none has so many digits: that is counted first, where the only digits there can be are 0 to 9.
  if p_text is null or octet_length(p_text) = length(p_text) and length(p_text) - length(translate(p_text, '0123456789', '')) < 11 then
    return false;
  end if;
  v_text := regexp_replace(private.plain_digits(p_text), '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '', 'gi'); -- ids of ours are made of digits too
  if length(regexp_replace(v_text, '[^0-9]', '', 'g')) < 11 then
    return false;
  elsif v_text ~ '(?<![0-9])[0-9]{6}[^[:alnum:]]{0,3}[0-9]{3}[ ./-]?[0-9]{2}(?![0-9])'
    -- Parted like a date, and a day and a month: 44 / 900 00 after two pairs of digits is a phone number.
    or v_text ~ ('(?<![0-9])(0[1-9]|[12][0-9]|3[01]|4[1-9]|[56][0-9]|7[01])[ ./-]?(0[1-9]|1[0-2]|4[1-9]|5[0-2]|6[6-9]|7[0-7]|8[1-9]|9[0-2])'
      || '[ ./-]?[0-9]{2}[^[:alnum:]]{0,3}[0-9]{3}[ ./-]?[0-9]{2}(?![0-9])') then
    return true;
  end if;
  for v_run in
    select r.found[1] from regexp_matches(v_text, '[0-9](?:[^+0-9A-Za-z\u00C0-\u1FFF\u2C00-\u2DFF\u3040-\uFFFD]{0,4}[0-9])*', 'g') as r(found)
  loop
    v_groups := array(select g.found[1] from regexp_matches(v_run, '[0-9]+', 'g') as g(found));
    if cardinality(v_groups) = 11 and length(array_to_string(v_groups, '')) = 11 then
      return true;
    end if;
    for i in 1 .. cardinality(v_groups) loop
      v_digits := '';
      for j in i .. cardinality(v_groups) loop
        v_digits := v_digits || v_groups[j];
        exit when length(v_digits) >= 11;
      end loop;
      if length(v_digits) = 11 and private.controls_hold(v_digits) then
        return true;
      end if;
    end loop;
  end loop;
  return exists (
    select from regexp_matches(v_text, '(?<![0-9])([0-9]{1,2})[ ./-]+([0-9]{1,2})[ ./-]+(?:18|19|20)?([0-9]{2})'
      || '[^[:alnum:]]{1,4}([0-9]{3}) ?([0-9]{2})(?![0-9])', 'g') as d(part)
    where private.controls_hold(lpad(d.part[1], 2, '0') || lpad(d.part[2], 2, '0') || d.part[3] || d.part[4] || d.part[5]));
end
$$;
comment on function private.holds_number is 'In: a text that a person wrote, or that is for people. Out: whether it may hold a personnummer. The one predicate for notes, evidence of consent, and sentences of the audit.';
grant execute on function private.holds_number to audit_owner; -- audit.sentence asks it
grant execute on function private.holds_number to billing_owner; -- checks of invoices ask it
