-- The records of the coordinator's organisations, as far as a person needs them to tell members apart.
-- The organisation is looked up row by row ("offset 0"): joined, all members would be put in order before the first page is there.
create or replace view api.members with (security_invoker = true) as
select
  m.id, g.slug as organization, m.external_id, m.given_name, m.family_name, m.birth_date, m.email, m.phone,
  m.personnummer_masked, m.personnummer_source, m.personnummer_at, m.merged_into, m.version, m.created_at, m.updated_at, m.erasure_id
from registry.members as m
cross join lateral (select r.slug from registry.organizations as r where r.id = m.organization_id offset 0) as g
where m.erased_at is null;
comment on view api.members is 'Member records of the coordinator''s organisations, but those that were erased (api.erasures). Numbers are masked. api.find_members searches them.';
comment on column api.members.id is 'The member; api.link_login takes it.';
comment on column api.members.organization is 'Whose member (slug).';
comment on column api.members.external_id is 'The member''s number in the member system.';
comment on column api.members.given_name is 'Given name.';
comment on column api.members.family_name is 'Family name.';
comment on column api.members.birth_date is 'Birth date.';
comment on column api.members.email is 'E-mail address.';
comment on column api.members.phone is 'Phone, E.164.';
comment on column api.members.personnummer_masked is 'The recorded number, masked; null: none.';
comment on column api.members.personnummer_source is 'What brought the number.';
comment on column api.members.personnummer_at is 'When it was recorded.';
comment on column api.members.merged_into is 'The record that this one was merged into.';
comment on column api.members.version is 'Rises with every change of the record.';
comment on column api.members.created_at is 'When the record was made here.';
comment on column api.members.updated_at is 'When it was last changed.';
comment on column api.members.erasure_id is 'The person is about to be erased (api.erasures).';
grant select on api.members to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.members
for each row execute function private.tg__refuse_write();
