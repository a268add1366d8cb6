-- How far two columns are apart, by the kinds of their values: 0 where each kind has the same share of both, 1 where they have no kind
-- in common.
create or replace function private.kinds_distance(p_one jsonb, p_other jsonb)
returns numeric
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(abs(coalesce(one.share, 0) - coalesce(other.share, 0))) / 2, 0)
  from (select k.key, k.value::numeric / nullif(sum(k.value::numeric) over (), 0) as share from jsonb_each_text(p_one) as k) as one
  full join (select k.key, k.value::numeric / nullif(sum(k.value::numeric) over (), 0) as share from jsonb_each_text(p_other) as k) as other
    using (key)
$$;
comment on function private.kinds_distance is 'In: two counts of values by kind. Out: half the sum of the differences of their shares, 0 to 1.';
