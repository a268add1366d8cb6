-- Row security cannot use the index of words (its operator may not be pushed below the policy), so the organisations are asked for here, one after
-- the other. Each search is planned by how common its words are and how large the organisation is: rare words are collected in their index, and of
-- common ones members are looked at until there are enough. Never all members in their order on disk, where the first may all be another
-- organisation's; and no page is taken to be far from the next, which would make collecting a million rows look cheaper than looking at five hundred.
create or replace function private.find_members(p_query text, p_limit integer)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set random_page_cost = 1.1
as $$
declare
  c_most constant integer := 500; -- of a common name that many are found, and put in order
  v_organizations constant uuid[] := private.coordinator_organizations();
  v_query constant text := btrim(private.plain_digits(coalesce(p_query, '')));
  v_most constant integer := coalesce(p_limit, 20);
  v_born date;
  v_names text;
  v_words text[];
  v_search tsquery;
  v_organization_id uuid;
  v_digits text;
  v_ids uuid[];
begin
  if v_most not between 1 and 50 then
    return private.refuse('find_members', 'limit_unusable', null);
  elsif length(v_query) > 200 then
    return private.refuse('find_members', 'query_unusable', null);
  elsif private.holds_number(v_query) then
    return private.refuse('find_members', 'number_in_query', null);
  end if;
  v_ids := array(
    select m.id from registry.members as m where m.organization_id = any (v_organizations) and m.external_id = v_query);
  v_digits := regexp_replace(v_query, '[ ()/.-]', '', 'g');
  if position('@' in v_query) > 0 then
    v_ids := v_ids || array(
      select m.id from registry.members as m
      where m.organization_id = any (v_organizations) and private.email_key(m.email) = private.email_key(v_query) limit c_most);
  elsif v_digits ~ '^(\+|00)?[0-9]{7,15}$' and v_query !~ '^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}$' and v_query !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
    v_ids := v_ids || array(
      select m.id from registry.members as m
      where m.organization_id = any (v_organizations)
        and m.phone in ('+' || regexp_replace(v_digits, '^(\+|00)', ''), '+47' || v_digits) limit c_most);
  else
    v_born := private.read_birth_date(v_query);
    v_names := private.name_letters(regexp_replace(v_query, '[0-9][0-9.-]*', ' ', 'g'));
    v_words := private.search_words(v_names);
    -- Aa and Mo are names; one letter is half of the members.
    if v_born is null and (v_words = '{}' or v_names ~ '(^| )[^ ]( |$)') then
      if v_ids = '{}' and v_query !~ '^[0-9]+$' then -- digits are a member number, that nobody has
        return private.refuse('find_members', 'query_unusable', null);
      end if;
    else
      v_search := (select string_agg(quote_literal(w.word) || ':*', ' & ') from unnest(v_words) as w(word))::tsquery;
      foreach v_organization_id in array v_organizations loop
        execute
          'select $1 || array(
             select s.member_id from registry.member_search as s
             where s.organization_id = $2 and ($3 is null or s.birth_date = $3) and ($4 is null or s.names @@ $4) limit $5)'
        into v_ids using v_ids, v_organization_id, v_born, v_search, c_most - cardinality(v_ids);
        exit when cardinality(v_ids) >= c_most;
      end loop;
    end if;
  end if;
  return (
    with found as (
      select m.*, row_number() over (order by m.family_name, m.given_name, m.birth_date, m.id) as place
      from registry.members as m where m.organization_id = any (v_organizations) and m.id = any (v_ids) and m.erased_at is null)
    select jsonb_build_object(
      'members', coalesce(jsonb_agg(jsonb_build_object(
        'id', f.id, 'organization', g.slug, 'external_id', f.external_id, 'given_name', f.given_name, 'family_name', f.family_name,
        'birth_date', f.birth_date, 'email', f.email, 'phone', f.phone, 'personnummer_masked', f.personnummer_masked,
        'merged_into', f.merged_into) order by f.place) filter (where f.place <= v_most), '[]'),
      'more', count(*) > v_most)
    from found as f join registry.organizations as g on g.id = f.organization_id);
end
$$;
comment on function private.find_members is 'See api.find_members.';
grant execute on function private.find_members to authenticated;
