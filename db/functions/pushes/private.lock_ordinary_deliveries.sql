-- Those of some reported deliveries after which nothing is to be put right, as private.settle_push, heal_overtaken and note_success
-- would. One that somebody else has locked is left out.
create or replace function private.lock_ordinary_deliveries(
  p_ids uuid[], p_fencing_tokens bigint[], p_worker_ids text[],
  out ids uuid[], out organization_ids uuid[], out slots smallint[]
)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  select array_agg(locked.id), array_agg(locked.organization_id), array_agg(locked.slot) into ids, organization_ids, slots
  from (
    select p.id, p.organization_id, p.slot from unnest(p_ids, p_fencing_tokens, p_worker_ids) as r(id, fencing_token, worker_id)
    join sync.pushes as p on p.id = r.id
    where p.state = 'sending' and p.fencing_token = r.fencing_token and p.leased_by = r.worker_id
      and not exists (
        select from sync.breakers as b
        where b.organization_id = p.organization_id and (b.state <> 'closed' or b.failures > 0))
      and not exists (
        select from sync.pushes as other
        where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
          and ((other.state = 'given_up' and other.next_attempt_at is not null)
            or (other.created_at >= p.created_at and other.state in ('sending', 'delivered')
              and other.personnummer_index is distinct from p.personnummer_index)))
      and not exists (
        select from registry.conflicts as c
        where c.organization_id = p.organization_id and c.member_id = p.member_id and c.kind = 'push_failed' and c.state = 'open')
    order by p.id
    for update of p skip locked
  ) as locked;
end
$$;
comment on function private.lock_ordinary_deliveries is 'In: pushes, and beside each its fencing token and the name it was claimed under. Out: those of them that are still held and leave nothing to put right, and beside each its organisation and its place; null: none.';
