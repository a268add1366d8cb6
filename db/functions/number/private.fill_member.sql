-- The member record gets its missing number. The caller holds the locks; the condition is there all the same, so that
-- nothing is ever overwritten. A coordinator may have excluded the login from the member while it waited for the record: processed
-- again, its member is looked for again.
create or replace function private.fill_member(p_observation registry.observations)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update registry.members
  set personnummer_index = p_observation.personnummer_index,
      personnummer_sealed = p_observation.personnummer_sealed,
      personnummer_masked = p_observation.personnummer_masked,
      personnummer_source = p_observation.source,
      personnummer_at = clock_timestamp()
  where id = p_observation.member_id and personnummer_index is null and exists (
    select from registry.identity_links as l
    where l.organization_id = p_observation.organization_id and l.issuer = p_observation.issuer and l.subject = p_observation.subject
      and l.member_id = p_observation.member_id);
  if not found then
    raise exception 'The record got a number meanwhile, or the login was excluded from it.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.fill_member is 'In: an observation whose member has no number. Writes it, with source and time.';
