-- One candidate's evidence as rows, for explanations.
create or replace function private.evidence(p_candidate private.candidate)
returns table (name text, agrees boolean)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  values
    ('personnummer', nullif(p_candidate.by_number, false)),
    ('phone', p_candidate.by_phone),
    ('email', p_candidate.by_email),
    ('name', p_candidate.name = 'full'),
    ('birth_date', p_candidate.birth_date_agrees),
    ('birth_date_of_number', case when p_candidate.by_number then p_candidate.born_as_number_says end)
$$;
comment on function private.evidence is 'In: a candidate. Out: each identifier, and whether it agreed; null where it could not be compared.';
