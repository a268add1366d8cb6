-- KID: 2 to 25 digits, the last of which is a control digit by modulus 10 (Luhn) or modulus 11 (weights 2 to 7 from the right; a hyphen
-- stands for 10), as the organisation has agreed with its bank (Mastercard Payment Services, OCR giro). One that may be a personnummer is none.
create or replace function billing.is_kid(p_text text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_text !~ '^[0-9]{1,24}[0-9-]$' then false
    when length(p_text) = 11 and p_text ~ '^[0-9]+$' and private.controls_hold(p_text) then false
    else (
      select (right(p_text, 1) <> '-' and (sum(case when d.nth % 2 = 1 then d.digit * 2 - case when d.digit > 4 then 9 else 0 end else d.digit end)
          + translate(right(p_text, 1), '-', '0')::integer) % 10 = 0)
        or (sum(d.digit * (2 + (d.nth - 1) % 6)) + case right(p_text, 1) when '-' then 10 else right(p_text, 1)::integer end) % 11 = 0
      from (
        select nth, substr(reverse(left(p_text, -1)), nth::integer, 1)::integer as digit
        from generate_series(1, length(p_text) - 1) as nth) as d)
  end
$$;
comment on function billing.is_kid is 'In: a text. Out: whether it is a KID; null where it is null.';
