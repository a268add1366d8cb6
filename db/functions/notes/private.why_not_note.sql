-- Coordinators' notes are the only text that people write into the database. One with a number is sent back rather than masked, so that the
-- person knows.
create or replace function private.why_not_note(p_note text)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when length(p_note) > 4000 then 'note_too_long'
    when private.holds_number(p_note) then 'number_in_note'
  end
$$;
comment on function private.why_not_note is 'In: a coordinator''s note. Out: code of the refusal where it is too long for its column or may hold a personnummer, null: go ahead.';
