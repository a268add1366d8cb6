-- What a row says of residence, membership and dues, where it differs from what is known. What the file has no column for is left alone.
create or replace function private.changed_membership(p_columns text[], p_member_id uuid, r private.imported_member)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_changed text[] := array[]::text[];
  k reporting.residences;
  s reporting.memberships;
begin
  if p_columns && array['municipality', 'address', 'postal_code', 'chapter'] then
    select known.* into k from reporting.residences as known where known.member_id = p_member_id order by known.known_from desc limit 1;
    if 'municipality' = any (p_columns) and k.municipality_written is distinct from r.municipality
      or 'address' = any (p_columns) and k.address is distinct from r.address
      or 'postal_code' = any (p_columns) and k.postal_code is distinct from r.postal_code
      or 'chapter' = any (p_columns) and k.chapter is distinct from r.chapter then
      v_changed := v_changed || 'residence'::text;
    end if;
  end if;
  if p_columns && array['member_since', 'member_until'] then
    select known.* into s from reporting.memberships as known where known.member_id = p_member_id order by known.since desc nulls last limit 1;
    if 'member_since' = any (p_columns) and r.member_since is not null and s.since is distinct from r.member_since
      or 'member_until' = any (p_columns) and s.until is distinct from r.member_until then
      v_changed := v_changed || 'membership'::text;
    end if;
  end if;
  if r.dues_year is not null and r.dues_amount is not null and not exists (
    select from reporting.dues as d
    where d.member_id = p_member_id and d.year = r.dues_year and d.amount = r.dues_amount and d.paid_on is not distinct from r.dues_paid_on) then
    v_changed := v_changed || 'dues'::text;
  end if;
  return v_changed;
end
$$;
comment on function private.changed_membership is 'In: columns the file has, the member (an id that nobody has: a new one), the row. Out: which of residence, membership and dues differ.';
