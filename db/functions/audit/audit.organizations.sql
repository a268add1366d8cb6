-- Events name organisations by id; auditors want to read their names.
create or replace view audit.organizations with (security_invoker = true) as
select g.id, g.slug, g.name from registry.organizations as g;
comment on view audit.organizations is 'The organisations that audit.events.organization_id names.';
comment on column audit.organizations.id is 'Named by audit.events.organization_id.';
comment on column audit.organizations.slug is 'Short name in addresses.';
comment on column audit.organizations.name is 'Name for people.';
grant select on audit.organizations to auditor;
