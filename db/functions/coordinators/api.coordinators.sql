-- Whom a case can be given to, and who is who on the pages.
create or replace view api.coordinators with (security_invoker = true) as
select
  g.slug as organization, c.user_id, private.coordinator_name(c.name, c.email, c.user_id) as name,
  c.user_id = (select private.caller_id()) as me
from registry.coordinators as c
join registry.organizations as g on g.id = c.organization_id;
comment on view api.coordinators is 'The coordinators of the caller''s organisations, those included whose invitation waits.';
comment on column api.coordinators.organization is 'Whose coordinator (slug).';
comment on column api.coordinators.user_id is 'The coordinator; api.assign_conflict takes it.';
comment on column api.coordinators.name is 'Name, e-mail address, or the beginning of the user id, whichever is there first.';
comment on column api.coordinators.me is 'Whether it is the caller.';
grant select on api.coordinators to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.coordinators
for each row execute function private.tg__refuse_write();
