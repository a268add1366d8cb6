-- A coordinator of several organisations has one language.
create or replace function private.set_language(p_language text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_language <> all (enum_range(null::registry.language)::text[]) then
    return private.refuse('set_language', 'unknown_language', null);
  end if;
  update registry.coordinators as c set language = p_language::registry.language
  where c.user_id = private.caller_id() and c.organization_id = any (private.coordinator_organizations());
  if not found then
    return private.refuse('set_language', 'not_found', null);
  end if;
  return jsonb_build_object('language', p_language);
end
$$;
comment on function private.set_language is 'See api.set_language.';
grant execute on function private.set_language to authenticated;
