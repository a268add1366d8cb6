-- The notes of coordinators are the only text that people write into the database. Told not to, somebody pastes a personnummer all
-- the same; it is sent back rather than masked, so that the person knows. Eleven digits in the ways a number is written are enough:
-- without its control digits being right it is a mistyped one.
create or replace function private.why_not_note(p_note text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when length(p_note) > 4000 then 'note_too_long'
    when p_note ~ '(?<![0-9])([0-9]{2}[ .-]?){3}[^[:alnum:]]{0,3}[0-9]{3}[ .-]?[0-9]{2}(?![0-9])' then 'number_in_note'
  end
$$;
comment on function private.why_not_note is 'In: a coordinator''s note. Out: code of the refusal where it is too long for its column or may hold a personnummer, null: go ahead.';
