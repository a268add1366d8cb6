-- A text of white space only, of whatever kind, or of characters that nobody sees, tells a colleague nothing.
create or replace function private.says_nothing(p_text text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(btrim(private.plain_digits(p_text)) = '', true)
$$;
comment on function private.says_nothing is 'In: what somebody wrote (null: nothing). Out: whether nothing of it can be read.';
