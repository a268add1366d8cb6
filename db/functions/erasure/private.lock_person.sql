-- Everything that others may be busy with about a person, locked in the common order: the import that runs, accounts and numbers, logins that are
-- being decided anew, the records. The records are locked against everything: a login that is being written down refers to its member, and is
-- either there when we look, or comes to nobody.
create or replace function private.lock_person(p private.person)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from registry.import_runs as r where r.organization_id = p.organization_id and r.state = 'running' order by r.id for update;
  perform private.lock_login(one.id) from (
    select (array_agg(o.id))[1] as id from registry.observations as o
    where o.id = any (p.observation_ids) and o.subject is not null
    group by o.issuer, o.subject order by o.issuer, o.subject) as one;
  perform private.lock_number(p.organization_id, brought.masked) from (
    select m.personnummer_masked from registry.members as m where m.id = any (p.member_ids) and m.personnummer_masked is not null
    union
    select o.personnummer_masked from registry.observations as o where o.id = any (p.observation_ids) and o.personnummer_masked is not null
    order by 1) as brought(masked);
  perform from registry.observations as o where o.id = any (p.observation_ids) and o.outcome = 'deferred' order by o.id for update;
  perform from registry.members as m where m.id = any (p.member_ids) order by m.id for update;
end
$$;
comment on function private.lock_person is 'In: a person. Waits until nobody else is busy with it, and keeps it so until the transaction ends.';
