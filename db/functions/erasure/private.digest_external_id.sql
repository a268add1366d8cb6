-- By this an import knows an erased member number again. The salt is the organisation's own: a digest alone, in the ledger or on a receipt, tells
-- nothing.
create or replace function private.digest_external_id(p_organization_id uuid, p_external_id text)
returns bytea
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select sha256(g.erasure_salt || convert_to(p_external_id, 'UTF8')) from registry.organizations as g where g.id = p_organization_id
$$;
comment on function private.digest_external_id is 'In: an organisation, a member number. Out: SHA-256 over the organisation''s salt and the number (UTF-8).';
