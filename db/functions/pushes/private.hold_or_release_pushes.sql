-- A case about numbers was opened, changed or closed: pushes of the members it names begin to wait for it, or go on (private.tg_pushes__wait
-- looks at each that is touched). One that is being sent cannot be called back; if its attempt fails, it is looked at then. This runs in
-- logins, so it touches nothing else: a file with such a push is taken back when somebody asks for it, or within a minute.
create or replace function private.hold_or_release_pushes(p_organization_id uuid, p_member_ids uuid[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from sync.pushes as p
    where p.organization_id = p_organization_id and p.member_id = any (p_member_ids)
      and p.state in ('pending', 'given_up') and p.next_attempt_at is not null)
  then
    return; -- nearly always
  end if;
  update sync.pushes as u set next_attempt_at = u.next_attempt_at
  from (
    select p.id from sync.pushes as p
    where p.organization_id = p_organization_id and p.member_id = any (p_member_ids)
      and p.state in ('pending', 'given_up') and p.next_attempt_at is not null
    order by p.id for update) as due
  where u.id = due.id;
end
$$;
comment on function private.hold_or_release_pushes is 'In: an organisation, members. Makes their waiting pushes wait for cases in which their numbers are in question, and lets go those that no longer have to.';
