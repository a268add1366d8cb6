-- The rule of the grant, applied to every record: who counts, and why the others do not. What a person paid is what any of the records paid, or,
-- where none paid enough, all of them together; of residences the one of the day counts, and where the first import came later, the first that is
-- known. The record that stands for the person is a member where it has no dates, whatever an old record says that was merged into it.
create or replace function private.count_persons(s reporting.snapshots)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  g constant reporting.grant_rules := jsonb_populate_record(null::reporting.grant_rules, s.rule);
  v_pay_until constant date := s.counted_on + g.paid_within_days;
  v_area constant text[] := case when g.area_year is not null
    then coalesce(private.area_municipalities(s.base_year, g.area_year, g.counties, g.municipalities), '{}') end;
begin
  insert into reporting.snapshot_persons
    (snapshot_id, organization_id, nth, member_id, reason, verified, name, address, postal_code, municipality, county, place_problem, chapter,
     birth_year, paid_on, amount)
  with records as materialized (
    select p.member_id, p.person_id, p.reason,
      m.personnummer_index is not null
        and (m.personnummer_source <> 'import' or c.until = 'infinity' or c.until >= m.personnummer_at) is true as verified
    from private.persons_of(s.organization_id) as p
    join registry.members as m on m.id = p.member_id
    left join (
      select k.member_id, max(k.until) as until from private.number_confirmations as k
      where k.organization_id = s.organization_id group by k.member_id) as c on c.member_id = m.id
  ), places as materialized (
    select k.municipality, k.municipality_year, private.municipality_in_year(k.municipality, k.municipality_year, s.base_year) as codes
    from reporting.residences as k where k.organization_id = s.organization_id and k.municipality is not null
    group by k.municipality, k.municipality_year
  ), persons as (
    select r.person_id, bool_or(r.verified) as verified from records as r group by r.person_id
  ), membership as (
    select r.person_id,
      bool_or(coalesce(k.since <= s.counted_on, true) and coalesce(k.until >= s.counted_on, true) and (k.id is not null or r.reason is null))
        as is_member,
      bool_or(k.until < s.counted_on) as has_left
    from records as r left join reporting.memberships as k on k.organization_id = s.organization_id and k.member_id = r.member_id
    group by r.person_id
  ), paid as (
    select distinct on (k.person_id) k.person_id, k.paid_on, k.amount
    from (
      select r.person_id, r.member_id, d.paid_on, d.amount
      from records as r join reporting.dues as d on d.member_id = r.member_id where d.year = s.base_year and d.amount > 0
      union all -- in parts, under the old member number and under the new one
      select r.person_id, null, max(d.paid_on), sum(d.amount)::bigint
      from records as r join reporting.dues as d on d.member_id = r.member_id
      where d.year = s.base_year and d.amount > 0 and d.paid_on <= v_pay_until
      group by r.person_id having count(*) > 1
    ) as k
    order by k.person_id, (k.amount >= g.min_fee and k.paid_on <= v_pay_until) is true desc, k.member_id is null, k.paid_on, k.amount desc,
      k.member_id
  ), residence as (
    select distinct on (r.person_id) r.person_id, k.municipality, k.municipality_year, k.municipality_written, k.address, k.postal_code, k.chapter
    from records as r join reporting.residences as k on k.member_id = r.member_id
    order by r.person_id, r.reason is null desc, k.known_from <= s.counted_on desc,
      case when k.known_from <= s.counted_on then s.counted_on - k.known_from else k.known_from - s.counted_on end, k.member_id
  ), judged as (
    select r.member_id, r.reason, p.verified, m.given_name, m.family_name, m.birth_date, h.address, h.postal_code, h.chapter, d.paid_on, d.amount,
      h.municipality_written, h.municipality as known_municipality, case when cardinality(l.codes) = 1 then l.codes[1] end as municipality,
      k.is_member, k.has_left, extract(year from age(s.counted_on, m.birth_date))::integer as years
    from records as r
    join registry.members as m on m.id = r.member_id
    join persons as p on p.person_id = r.person_id
    left join membership as k on k.person_id = r.person_id
    left join paid as d on d.person_id = r.person_id
    left join residence as h on h.person_id = r.person_id
    left join places as l on l.municipality = h.municipality and l.municipality_year = h.municipality_year
  )
  select s.id, s.organization_id, row_number() over (order by j.member_id), j.member_id,
    case
      when j.reason is not null then j.reason
      when not j.is_member and j.has_left then 'left'
      when not j.is_member then 'joined_later'
      when j.amount is null then 'not_paid'
      when j.paid_on is null then 'paid_undated'
      when j.paid_on > v_pay_until then 'paid_too_late'
      when j.amount < g.min_fee then 'paid_too_little'
      when j.birth_date is null and num_nonnulls(g.min_age, g.max_age) > 0 then 'birth_date_missing'
      when j.years < g.min_age then 'too_young'
      when j.years > g.max_age then 'too_old'
      when v_area is not null and j.municipality is null then 'municipality_unknown'
      when j.municipality <> all (v_area) then 'elsewhere'
    end::reporting.not_counted,
    j.verified, nullif(concat_ws(' ', j.given_name, j.family_name), ''), j.address, j.postal_code, j.municipality, left(j.municipality, 2),
    case
      when j.municipality is not null then null
      when j.known_municipality is not null then 'not_translatable'
      when j.municipality_written is not null then 'not_recognised'
      else 'none_given'
    end::reporting.place_problem,
    j.chapter, extract(year from j.birth_date)::integer, j.paid_on, j.amount
  from judged as j;
end
$$;
comment on function private.count_persons is 'In: a new draft. Writes a row for every record of its organisation: counted, or why not.';
