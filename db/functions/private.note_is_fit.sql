-- A note is kept as it is written. A personnummer in it would be the only one in clear in the whole database.
create or replace function private.note_is_fit(p_note text)
returns boolean
language sql immutable
set search_path = ''
as $$
  select p_note is null or (length(p_note) <= 4000 and p_note !~ '[0-9]{6}[ -]?[0-9]{5}')
$$;
comment on function private.note_is_fit is 'In: a coordinator''s note. Out: whether it is short enough and holds nothing like a personnummer.';
