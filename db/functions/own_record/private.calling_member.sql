-- Which record a member's own access token is for. The session says it, not the subject of the token: a merge moves the session to the
-- surviving record, and signing out, or the link going, ends it at once. The token's subject is that record, or one merged into it. A token of
-- Supabase Auth, and a coordinator's, is for no record. The one predicate behind everything that members see and do.
create or replace function private.calling_member()
returns uuid
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claims constant jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
begin
  if v_claims -> 'app_metadata' ->> 'audience' is distinct from 'members' then
    return null;
  end if;
  return (
    select m.id from registry.sessions as s
    join registry.members as m on m.id = private.session_member(s.id, s.organization_id)
    where s.id = (v_claims ->> 'session_id')::uuid and m.merged_into is null and exists (
      select from registry.members as named
      where named.user_id::text = v_claims ->> 'sub' and m.id in (named.id, named.merged_into)));
end
$$;
comment on function private.calling_member is 'Out: the member who calls the API with an access token of a session that lives; null for everybody else.';
