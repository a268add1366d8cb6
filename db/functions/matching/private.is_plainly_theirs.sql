-- That somebody is a member says something about health. So the app hears of a member (account_ambiguous, account_mismatch) only where the
-- login proves to be by the person whom the record is about: their number, or a verified phone or e-mail together with the birth date
-- or the whole name. Whoever has a member's old phone number, or shares an e-mail address with one, hears what strangers hear.
create or replace function private.is_plainly_theirs(p_candidate private.candidate)
returns boolean
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_candidate.by_number or coalesce(p_candidate.by_phone or p_candidate.by_email, false)
    and coalesce(p_candidate.birth_date_agrees, p_candidate.name = 'full', false);
end
$$;
comment on function private.is_plainly_theirs is 'In: a candidate. Out: whether the person may be told that a record seems to be theirs.';
