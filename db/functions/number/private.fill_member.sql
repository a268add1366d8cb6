-- The member record gets its missing number. The caller holds the locks; the condition is there all the same, so that
-- nothing is ever overwritten. A coordinator may have excluded the login from the member while it waited for the record: processed
-- again, its member is looked for again.
create or replace function private.fill_member(o registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from registry.members as m
    join registry.identity_links as l on l.organization_id = m.organization_id and l.member_id = m.id
    where m.id = o.member_id and m.personnummer_index is null
      and l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject)
  then
    raise exception 'The record got a number meanwhile, or the login was excluded from it.' using errcode = 'serialization_failure';
  end if;
  perform private.write_numbers(array[o.member_id], array[
    row(o.personnummer_index, o.personnummer_index_previous, o.personnummer_sealed, o.personnummer_masked, o.source, clock_timestamp())
      ::registry.number]);
end
$$;
comment on function private.fill_member is 'In: an observation whose member has no number. Writes it, with source and time.';
