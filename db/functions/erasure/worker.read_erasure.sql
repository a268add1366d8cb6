-- What the worker has to know to carry an erasure out: what is written into the ledger before, and into the receipt after.
create or replace function worker.read_erasure(erasure_id uuid)
returns table (
  id uuid, organization text, organization_name text, state text, announced_at timestamptz, recorded_at timestamptz,
  erased_at timestamptz, counts jsonb, removal text, has_receipt boolean, records jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.id, g.slug, g.name, e.state::text, e.announced_at, e.recorded_at, e.erased_at, e.counts, e.removal::text,
    e.receipt_digest is not null,
    (select jsonb_agg(jsonb_build_object('member_id', r.member_id, 'external_id_digest', encode(r.external_id_digest, 'hex')) order by r.member_id)
     from audit.erased_records as r where r.erasure_id = e.id)
  from audit.erasures as e join registry.organizations as g on g.id = e.organization_id
  where e.id = read_erasure.erasure_id
$$;
comment on function worker.read_erasure is 'In: an erasure. Out: whose member it was, how far it is, what was erased by table, whether its receipt was made, and its records: member_id and external_id_digest (hex). Names nobody.';
grant execute on function worker.read_erasure to sync_worker;
