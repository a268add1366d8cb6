-- A member asks the organisation: what do you have on me?
create or replace function api.export_member(member_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.export_member(export_member.member_id);
end;
comment on function api.export_member is 'In: a member. Out: everything stored about that person: {"organization", "member_id", "member_external_id", "exported_at", "tables": {table: [rows]}, "left_out": {table: [columns], or "*"}}; or a refusal with code and message (HTTP 404). Numbers are masked; npm run member:export can seal them for whoever asks. Look through it before it is handed out: coordinators'' notes may speak of others.';
grant execute on function api.export_member to authenticated;
