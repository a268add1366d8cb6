-- A person wants to be forgotten, and has no duty to be kept.
create or replace function api.erase_member(member_id uuid, reason text, expected_version integer)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.erase_member(erase_member.member_id, erase_member.reason, erase_member.expected_version);
end;
comment on function api.erase_member is 'In: a member of api.members, why, in words that do not tell who, the version that was seen. Out: {"member_id", "erasure_id", "state": "announced"}: the worker erases the person, and every record merged with this one, within seconds (api.erasures); or the proposed case, where a second coordinator must approve; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.erase_member to authenticated;
