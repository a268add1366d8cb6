-- What the pages need to know of whoever looks at them.
create or replace view api.my_profile with (security_invoker = true) as
select
  c.user_id, g.slug as organization, g.name as organization_name,
  private.coordinator_name(c.name, c.email, c.user_id) as name, c.language,
  private.decisions_for_two(enum_range(null::registry.decision)::text[], g.second_approval, null) as need_approval
from registry.coordinators as c
join registry.organizations as g on g.id = c.organization_id
where c.user_id = (select private.caller_id());
comment on view api.my_profile is 'The caller: a row for each organisation that the caller is a coordinator of.';
comment on column api.my_profile.user_id is 'The caller''s user id.';
comment on column api.my_profile.organization is 'The organisation (slug).';
comment on column api.my_profile.organization_name is 'The organisation, for people.';
comment on column api.my_profile.name is 'The caller, for people.';
comment on column api.my_profile.language is 'nb, nn or en, as api.set_language stored it; null: as the browser asks.';
comment on column api.my_profile.need_approval is 'Decisions that a second coordinator of this organisation must approve.';
grant select on api.my_profile to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.my_profile
for each row execute function private.tg__refuse_write();
