-- A row of audit.erasures changes until it is carried out, so it is under no seal itself. What it says from then on goes into the event that is
-- sealed, as a digest: audit:verify works it out again (audit-tools/audit-reader.ts), and must not believe a function of the database.
create or replace function private.digest_erasure(e audit.erasures)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select encode(sha256(convert_to(jsonb_build_array(
    e.id, e.organization_id, e.member_id, e.reason, e.requested_by, e.approved_by, e.conflict_id,
    (extract(epoch from e.announced_at) * 1000000)::bigint, (extract(epoch from e.erased_at) * 1000000)::bigint, e.counts, (
      select jsonb_agg(jsonb_build_array(r.member_id, encode(r.external_id_digest, 'hex')) order by r.member_id)
      from audit.erased_records as r where r.erasure_id = e.id))::text, 'UTF8')), 'hex')
$$;
comment on function private.digest_erasure is 'In: an erasure that was carried out. Out: SHA-256 (hex) over what never changes of it, with its records (docs/auditing.md).';
