-- A member asks: what have I agreed to?
create or replace view api.my_consents with (security_invoker = true) as
select
  r.provider, r.state, r.scope, r.evidence, r.answered_at, r.withdrawn_at
from private.my_consents() as r;
comment on view api.my_consents is 'The answers of the member whose access token it is, to the question whether the personnummer may be stored.';
comment on column api.my_consents.provider is 'The provider whose number it is about.';
comment on column api.my_consents.state is 'given, refused, or given and withdrawn later.';
comment on column api.my_consents.scope is 'The scope that was asked for, where the provider asked.';
comment on column api.my_consents.evidence is 'Who asked, in which words and language.';
comment on column api.my_consents.answered_at is 'When it was answered.';
comment on column api.my_consents.withdrawn_at is 'When it was withdrawn.';
grant select on api.my_consents to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.my_consents
for each row execute function private.tg__refuse_write();
