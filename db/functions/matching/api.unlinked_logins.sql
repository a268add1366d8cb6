-- People who logged in and could not be taken for a member, and whose login still belongs to nobody. Links are looked up login by login
-- ("offset 0"): joined, all logins would be compared with all links before the first page is there.
create or replace view api.unlinked_logins with (security_invoker = true) as
select
  o.id as observation_id, g.slug as organization, o.provider, o.outcome, o.received_at, o.given_name, o.family_name, o.birth_date,
  o.personnummer_masked, o.explanation, private.decisions_for_two('{link_login}', g.second_approval, null) <> '{}' as needs_approval
from registry.observations as o
join registry.organizations as g on g.id = o.organization_id
where o.outcome in ('unlinked', 'ambiguous', 'name_mismatch') and o.erased_at is null
  and not exists (
    select from registry.identity_links as l
    where l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject offset 0);
comment on view api.unlinked_logins is 'Logins in the coordinator''s organisations that matched no member with certainty.';
comment on column api.unlinked_logins.observation_id is 'The login; api.link_login takes it.';
comment on column api.unlinked_logins.organization is 'Where the person logged in (slug).';
comment on column api.unlinked_logins.provider is 'What the person logged in with.';
comment on column api.unlinked_logins.outcome is 'unlinked: nobody matches; ambiguous: several do; name_mismatch: one does, under another name.';
comment on column api.unlinked_logins.received_at is 'When it was recorded.';
comment on column api.unlinked_logins.given_name is 'Given name that the login brought.';
comment on column api.unlinked_logins.family_name is 'Family name that the login brought.';
comment on column api.unlinked_logins.birth_date is 'Birth date that the login brought.';
comment on column api.unlinked_logins.personnummer_masked is 'The number that the login brought, masked.';
comment on column api.unlinked_logins.explanation is 'By what it was compared, what agreed and what disagreed.';
comment on column api.unlinked_logins.needs_approval is 'Whether linking it is only proposed, and a second coordinator must approve.';
grant select on api.unlinked_logins to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.unlinked_logins
for each row execute function private.tg__refuse_write();
