-- A member asks: what happened to my record?
create or replace view api.my_history with (security_invoker = true) as
select
  r.occurred_at, r.event, r.source, r.message
from private.my_history() as r;
comment on view api.my_history is 'What happened to the record of the member whose access token it is. Order by occurred_at.';
comment on column api.my_history.occurred_at is 'When it happened.';
comment on column api.my_history.event is 'What happened (docs/for-apps.md).';
comment on column api.my_history.source is 'What brought it about: a login, the app, an import, a coordinator, the worker or the operator.';
comment on column api.my_history.message is 'The same as a sentence, in English.';
grant select on api.my_history to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.my_history
for each row execute function private.tg__refuse_write();
