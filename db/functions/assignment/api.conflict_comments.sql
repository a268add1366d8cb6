-- What coordinators wrote about a case.
create or replace view api.conflict_comments with (security_invoker = true) as
select k.id, k.conflict_id, g.slug as organization, k.written_at, k.user_id, private.coordinator_name(w.name, w.email, k.user_id) as name, k.text
from registry.conflict_comments as k
join registry.organizations as g on g.id = k.organization_id
left join registry.coordinators as w on w.user_id = k.user_id and w.organization_id = k.organization_id;
comment on view api.conflict_comments is 'Comments on cases of the coordinator''s organisations.';
comment on column api.conflict_comments.id is 'Identifies the comment.';
comment on column api.conflict_comments.conflict_id is 'The case.';
comment on column api.conflict_comments.organization is 'Whose case (slug).';
comment on column api.conflict_comments.written_at is 'When it was written.';
comment on column api.conflict_comments.user_id is 'Who wrote it (user id).';
comment on column api.conflict_comments.name is 'Who wrote it, for people.';
comment on column api.conflict_comments.text is 'The comment.';
grant select on api.conflict_comments to authenticated;
create or replace trigger _100_refuse_write
instead of insert or update or delete on api.conflict_comments
for each row execute function private.tg__refuse_write();
