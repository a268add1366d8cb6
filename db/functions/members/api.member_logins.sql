-- A member's own logins, for the page that shows one member: those that found the record, and those that a coordinator linked to it afterwards.
create or replace view api.member_logins with (security_invoker = true) as
select
  o.id as observation_id, g.slug as organization, o.member_id, o.provider, o.outcome, o.received_at, o.given_name, o.family_name,
  exists (
    select from registry.identity_links as l
    where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject and l.member_id = o.member_id) as linked
from registry.observations as o
join registry.organizations as g on g.id = o.organization_id
where o.member_id is not null
union all
select
  o.id, g.slug, l.member_id, o.provider, o.outcome, o.received_at, o.given_name, o.family_name, true
from registry.identity_links as l
join registry.observations as o
  on o.organization_id = l.organization_id and o.issuer = l.issuer and o.subject = l.subject and o.member_id is null
join registry.organizations as g on g.id = l.organization_id;
comment on view api.member_logins is 'Logins in the coordinator''s organisations that belong, or belonged, to a member.';
comment on column api.member_logins.observation_id is 'The login.';
comment on column api.member_logins.organization is 'Where the person logged in (slug).';
comment on column api.member_logins.member_id is 'The member.';
comment on column api.member_logins.provider is 'What the person logged in with.';
comment on column api.member_logins.outcome is 'What became of it.';
comment on column api.member_logins.received_at is 'When it was recorded.';
comment on column api.member_logins.given_name is 'Given name that the login brought.';
comment on column api.member_logins.family_name is 'Family name that the login brought.';
comment on column api.member_logins.linked is 'Whether that account belongs to the member now.';
grant select on api.member_logins to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.member_logins
for each row execute function private.tg__refuse_write();
