-- A place at the member system: at most `concurrency` pushes of an organisation are sent at a time, over all workers. A place
-- is free when no push with a live lease holds it. Two claims that look at the same place at once are told apart by a lock that
-- neither waits for, and that ends with the claim's transaction.
create or replace function private.take_slot(p_organization_id uuid, p_concurrency integer)
returns integer
language plpgsql volatile
set search_path = ''
as $$
declare
  v_slot integer;
begin
  for v_slot in
    select n from generate_series(1, p_concurrency) as n
    where not exists (
      select from sync.pushes as p
      where p.organization_id = p_organization_id and p.slot = n and p.state = 'sending' and p.lease_expires_at > clock_timestamp())
    order by random()
  loop
    continue when not pg_try_advisory_xact_lock(hashtextextended(p_organization_id || ' slot ' || v_slot, 0));
    -- Looked at again under the lock, in a statement of its own: a claim that was faster has committed by now, and a new
    -- statement sees it.
    if not exists (
      select from sync.pushes as p
      where p.organization_id = p_organization_id and p.slot = v_slot and p.state = 'sending' and p.lease_expires_at > clock_timestamp())
    then
      return v_slot;
    end if;
  end loop;
  return null;
end
$$;
comment on function private.take_slot is 'In: organisation, most at a time. Out: a free place, null: none. The caller writes it on the push in the same transaction.';
