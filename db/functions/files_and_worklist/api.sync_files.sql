-- Files of changes for member systems without an interface, newest first.
create or replace view api.sync_files with (security_invoker = true) as
select
  f.id as file_id, g.slug as organization, f.state, f.pushes as changes, f.created_at, f.ready_at, f.accept_until, f.acknowledged_at
from sync.files as f
join registry.organizations as g on g.id = f.organization_id
where f.ready_at is not null;
comment on view api.sync_files is 'Files of the coordinator''s organisations: those that can be fetched (ready), and what became of the others.';
comment on column api.sync_files.file_id is 'The file; api.fetch_sync_file and api.acknowledge_sync_file take it.';
comment on column api.sync_files.organization is 'Whose members (slug).';
comment on column api.sync_files.state is 'ready: to be fetched; acknowledged; expired: its changes went into a later file.';
comment on column api.sync_files.changes is 'How many changes it holds.';
comment on column api.sync_files.created_at is 'When it was begun.';
comment on column api.sync_files.ready_at is 'When it could be fetched.';
comment on column api.sync_files.accept_until is 'When it expires, if nobody acknowledges it.';
comment on column api.sync_files.acknowledged_at is 'When the receiver confirmed it.';
grant select on api.sync_files to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.sync_files
for each row execute function private.tg__refuse_write();
