-- The rules that an organisation can count by: each organisation all of them.
create or replace view api.grant_rules with (security_invoker = true) as
select g.organization, g.code, g.title, g.level, g.document, g.min_fee, g.min_age, g.max_age, g.required_members, g.required_municipalities,
  g.required_counties, g.one_suffices
from private.grant_rules() as g;
comment on view api.grant_rules is 'Rules of grants: what is counted, and what the grant asks for.';
comment on column api.grant_rules.organization is 'Who can count by it (slug).';
comment on column api.grant_rules.code is 'What api.make_grant_snapshot takes.';
comment on column api.grant_rules.title is 'Name for people.';
comment on column api.grant_rules.level is 'Who gives the grant.';
comment on column api.grant_rules.document is 'Where the rule is written, and what of it has not been confirmed.';
comment on column api.grant_rules.min_fee is 'Smallest fee that counts as paying, in øre.';
comment on column api.grant_rules.min_age is 'Lowest age; null: any.';
comment on column api.grant_rules.max_age is 'Highest age; null: any.';
comment on column api.grant_rules.required_members is 'How many members the grant asks for; null: it does not.';
comment on column api.grant_rules.required_municipalities is 'From how many municipalities.';
comment on column api.grant_rules.required_counties is 'From how many counties.';
comment on column api.grant_rules.one_suffices is 'Whether one of these is enough.';
grant select on api.grant_rules to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.grant_rules
for each row execute function private.tg__refuse_write();
