-- The evidence of a candidate in words: for the explanation of a match, and for whoever looks for the member of a login.
create or replace function private.explain_candidate(p_candidate private.candidate, out agreed text[], out disagreed text[])
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(e.name order by e.name) filter (where e.agrees), '{}'),
    coalesce(array_agg(e.name order by e.name) filter (where not e.agrees), '{}')
  from (values -- null: could not be compared
    ('personnummer', nullif(p_candidate.by_number, false)),
    ('phone', p_candidate.by_phone),
    ('email', p_candidate.by_email),
    ('name', p_candidate.name = 'full'),
    ('birth_date', p_candidate.birth_date_agrees),
    ('birth_date_of_number', case when p_candidate.by_number then p_candidate.born_as_number_says end)
  ) as e(name, agrees)
$$;
comment on function private.explain_candidate is 'In: a candidate. Out: what agreed and what disagreed.';
