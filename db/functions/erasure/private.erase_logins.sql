-- Links, sessions, consents and messages about them go. Of each login there is left that somebody logged in, and what came of it.
create or replace function private.erase_logins(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_counts jsonb := '{}'::jsonb;
  v_rows integer;
begin
  delete from registry.link_proposals as k where k.observation_id = any (p.observation_ids) or k.session_id = any (p.session_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.link_proposals', v_rows);
  delete from registry.refresh_tokens as t where t.session_id = any (p.session_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.refresh_tokens', v_rows);
  delete from registry.sessions as s where s.id = any (p.session_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.sessions', v_rows);
  delete from registry.consents as k where k.organization_id = p.organization_id and k.member_id = any (p.member_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.consents', v_rows);
  delete from registry.revocations as r using unnest(p.logins) as l
  where r.organization_id = p.organization_id and r.provider = any (enum_range(null::registry.provider)) and r.subject = l.subject;
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.revocations', v_rows);
  delete from registry.excluded_links as x
  where x.organization_id = p.organization_id
    and (x.member_id = any (p.member_ids) or (x.issuer, x.subject) in (select l.issuer, l.subject from unnest(p.logins) as l));
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.excluded_links', v_rows);
  delete from registry.identity_links as l where l.organization_id = p.organization_id and l.member_id = any (p.member_ids);
  get diagnostics v_rows = row_count;
  v_counts := v_counts || jsonb_build_object('registry.identity_links', v_rows);
  update registry.observations as o
  set subject = null, erased_at = v_now, explanation = '{}', acr = null,
      given_name = null, family_name = null, birth_date = null, phone = null, email = null, traceparent = null,
      contact_erased_at = coalesce(o.contact_erased_at, v_now),
      number_erased_at = case when o.personnummer_index is not null then v_now else o.number_erased_at end,
      personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null
  where o.id = any (p.observation_ids);
  get diagnostics v_rows = row_count;
  return v_counts || jsonb_build_object('registry.observations', v_rows);
end
$$;
comment on function private.erase_logins is 'In: a locked person. Out: how many rows, by table.';
