-- A coordinator sees many members' records, and sits at a desk that others may sit at.
create or replace function private.session_lifetime(p_audience registry.audience)
returns interval
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_audience when 'members' then interval '30 days' when 'coordinators' then interval '12 hours' end;
end
$$;
comment on function private.session_lifetime is 'In: whose session. Out: how long it lives after it was opened or refreshed.';
